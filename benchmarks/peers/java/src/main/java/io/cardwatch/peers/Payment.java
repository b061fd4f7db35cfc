package io.cardwatch.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;

/** One payment on its way: what the windows and the decision need, and the record as it came. */
public class Payment {
    public String transactionId;
    public String cardId;
    public String merchantId;
    public String currency;
    public long timestampMs;
    public long amountMinor;
    public long receivedMs;
    public long cardSequence;
    public byte[] original;
    public float[] cardFeatures;

    private static final JsonFactory JSON = new JsonFactory();

    /** Reads the JSON form of docs/schemas/transaction.json, amounts with two decimals. */
    static Payment parse(byte[] value, long receivedMs) throws IOException {
        Payment payment = new Payment();
        payment.original = value;
        payment.receivedMs = receivedMs;
        try (JsonParser parser = JSON.createParser(value)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                payment.take(name, parser);
            }
        }
        return payment;
    }

    private void take(String name, JsonParser parser) throws IOException {
        switch (name) {
            case "transaction_id" -> transactionId = parser.getText();
            case "card_id" -> cardId = parser.getText();
            case "merchant_id" -> merchantId = parser.getText();
            case "currency" -> currency = parser.getText();
            case "timestamp" -> timestampMs = parser.getLongValue();
            case "amount" ->
                    amountMinor = new BigDecimal(parser.getText()).movePointRight(2).longValueExact();
            default -> parser.skipChildren();
        }
    }
}
