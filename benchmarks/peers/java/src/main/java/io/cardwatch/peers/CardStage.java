package io.cardwatch.peers;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Ends repeats, and adds the card's windows to a payment. */
public class CardStage extends KeyedProcessFunction<String, Payment, Payment> {
    private transient ValueState<byte[]> state;

    @Override
    public void open(OpenContext context) {
        state = getRuntimeContext().getState(new ValueStateDescriptor<>(
                "card", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    }

    @Override
    public void processElement(Payment payment, Context context, Collector<Payment> out)
            throws Exception {
        byte[] before = state.value();
        long id = hash(payment.transactionId);
        if (Windows.knows(before, id)) {
            return;
        }
        payment.cardFeatures = new float[Windows.FEATURES];
        byte[] next = Windows.advance(
                before, payment.timestampMs, payment.amountMinor, id, payment.cardFeatures);
        payment.cardSequence = Windows.sequence(next);
        state.update(next);
        out.collect(payment);
    }

    /** FNV-1a, 64 bits, over the characters. */
    static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int place = 0; place < text.length(); place++) {
            hash = (hash ^ text.charAt(place)) * 0x100000001b3L;
        }
        return hash;
    }
}
