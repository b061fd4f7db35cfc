package io.cardwatch.peers;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Adds the merchant's windows, scores, and writes the decision's JSON under its card. */
public class MerchantStage
        extends KeyedProcessFunction<String, Payment, Tuple2<byte[], byte[]>> {
    private final String bundle;
    private transient ValueState<byte[]> state;
    private transient Scorer scorer;

    MerchantStage(String bundle) {
        this.bundle = bundle;
    }

    @Override
    public void open(OpenContext context) throws Exception {
        state = getRuntimeContext().getState(new ValueStateDescriptor<>(
                "merchant", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        scorer = new Scorer(bundle + "/ensemble.onnx");
    }

    @Override
    public void close() throws Exception {
        if (scorer != null) {
            scorer.close();
        }
    }

    @Override
    public void processElement(
            Payment payment, Context context, Collector<Tuple2<byte[], byte[]>> out)
            throws Exception {
        float[] features = new float[Windows.FEATURES];
        byte[] next = Windows.advance(
                state.value(), payment.timestampMs, payment.amountMinor, 0, features);
        state.update(next);
        float[] scores = scorer.score(payment.cardFeatures, features);
        byte[] decision = decision(payment, Windows.sequence(next), features, scores);
        out.collect(Tuple2.of(payment.cardId.getBytes(StandardCharsets.UTF_8), decision));
    }

    /** The form of docs/schemas/decision.json; every level is LOW, for nothing explains an alert. */
    private byte[] decision(Payment payment, long sequence, float[] merchant, float[] scores) {
        StringBuilder text = new StringBuilder(1024 + payment.original.length);
        text.append("{\"transaction_id\":\"").append(payment.transactionId);
        text.append("\",\"card_id\":\"").append(payment.cardId);
        text.append("\",\"merchant_id\":\"").append(payment.merchantId);
        text.append("\",\"timestamp_ms\":").append(payment.timestampMs);
        text.append(",\"amount_minor\":").append(payment.amountMinor);
        text.append(",\"currency\":\"").append(payment.currency);
        text.append("\",\"probability\":").append(scores[0]).append(",\"model_scores\":{");
        for (int place = 1; place < scores.length; place++) {
            text.append(place > 1 ? ",\"" : "\"").append(scorer.outputs[place]);
            text.append("\":").append(scores[place]);
        }
        text.append("},\"risk_level\":\"LOW\",\"model\":\"java\",\"feature_set\":0");
        text.append(",\"card_sequence\":").append(payment.cardSequence);
        text.append(",\"merchant_sequence\":").append(sequence);
        text.append(",\"flags\":[],\"received_ms\":").append(payment.receivedMs);
        text.append(",\"decided_ms\":").append(System.currentTimeMillis());
        text.append(",\"features\":[");
        append(text, payment.cardFeatures);
        text.append(',');
        append(text, merchant);
        text.append("],\"schema_version\":1,\"payment\":");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() + 512);
        bytes.writeBytes(text.toString().getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(payment.original);
        bytes.write('}');
        return bytes.toByteArray();
    }

    private static void append(StringBuilder text, float[] values) {
        for (int place = 0; place < values.length; place++) {
            if (place > 0) {
                text.append(',');
            }
            text.append(values[place]);
        }
    }
}
