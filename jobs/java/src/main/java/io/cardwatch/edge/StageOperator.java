package io.cardwatch.edge;

import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * A keyed stage: the states of a batch's keys out of the backend, one call into Python, the next
 * states back, the outputs on.
 *
 * <p>All of a batch happens in one call of {@link #processElement}, so that barriers, watermarks and
 * the end of input come between batches and a failure leaves nothing half done.
 */
abstract class StageOperator<T> extends AbstractStreamOperator<T> implements OneInputStreamOperator<byte[], T> {
    private static final long serialVersionUID = 1;

    private final Worker.Opener opener;
    private final String stateName;
    private final long ttlMs;
    private transient ValueState<byte[]> state;
    private transient Worker python;
    protected transient StageMetrics metrics;

    /**
     * Describe a stage.
     *
     * @param opener Opens the stage's Python.
     * @param stateName Name of the keyed state.
     * @param ttlMs Time in milliseconds after which an idle key is forgotten.
     */
    StageOperator(Worker.Opener opener, String stateName, long ttlMs) {
        this.opener = opener;
        this.stateName = stateName;
        this.ttlMs = ttlMs;
    }

    /** Hand on what Python answered to one batch. */
    abstract void emit(Call.Answer answer, StreamRecord<byte[]> element);

    @Override
    public void open() throws Exception {
        super.open();
        state = getRuntimeContext().getState(descriptor(stateName, ttlMs));
        metrics = new StageMetrics(getMetricGroup());
        String[] temporary = getContainingTask().getEnvironment().getTaskManagerInfo().getTmpDirectories();
        python = opener.open(getRuntimeContext(), temporary);
        metrics.tally(new Call.Answer(python.opened()));
    }

    /** The state as jobs/flink_edge/state.py describes it, so that a savepoint fits both engines. */
    static ValueStateDescriptor<byte[]> descriptor(String name, long ttlMs) {
        ValueStateDescriptor<byte[]> descriptor =
                new ValueStateDescriptor<>(name, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofMillis(ttlMs))
                .disableCleanupInBackground()
                .cleanupIncrementally(1, false)
                .cleanupInRocksdbCompactFilter(1000, Duration.ofDays(30))
                .build());
        return descriptor;
    }

    /** Leave the key alone: a batch has many, which are set one by one. */
    @Override
    @SuppressWarnings("rawtypes") // as the method that is overridden
    public void setKeyContextElement1(StreamRecord element) {}

    @Override
    public void processElement(StreamRecord<byte[]> element) throws Exception {
        long start = System.nanoTime();
        Call call = new Call(element.getValue());
        List<String> keys = call.keys;
        byte[][] states = new byte[keys.size()][];
        for (int key = 0; key < states.length; key++) {
            setCurrentKey(Keys.row(keys.get(key)));
            states[key] = state.value();
        }
        byte[] frame = call.frame(states);
        long called = System.nanoTime();
        byte[] answered = python.call(frame);
        long returned = System.nanoTime();
        Call.Answer answer = new Call.Answer(answered);
        for (int key = 0; key < states.length; key++) {
            byte[] next = answer.state(key);
            if (next != null) {
                setCurrentKey(Keys.row(keys.get(key)));
                state.update(next);
            }
        }
        metrics.tally(answer);
        metrics.took(
                Batch.count(element.getValue()), returned - called, called - start + System.nanoTime() - returned);
        emit(answer, element);
    }

    @Override
    public void close() throws Exception {
        if (python != null) {
            python.close();
            python = null;
        }
        super.close();
    }

    /** A stage in front of another: its outputs are one batch. */
    static final class Middle extends StageOperator<byte[]> {
        private static final long serialVersionUID = 1;

        Middle(Worker.Opener opener, String stateName, long ttlMs) {
            super(opener, stateName, ttlMs);
        }

        @Override
        void emit(Call.Answer answer, StreamRecord<byte[]> element) {
            if (answer.outputs > 0) {
                metrics.gave(answer.outputs);
                output.collect(element.replace(answer.batch()));
            }
        }
    }

    /** The stage in front of the sink: its outputs are records for Kafka, one by one. */
    static final class Last extends StageOperator<KafkaOutput> {
        private static final long serialVersionUID = 1;

        Last(Worker.Opener opener, String stateName, long ttlMs) {
            super(opener, stateName, ttlMs);
        }

        @Override
        void emit(Call.Answer answer, StreamRecord<byte[]> element) {
            StreamRecord<KafkaOutput> record = element.replace(null);
            for (int each = 0; each < answer.outputs; each++) {
                output.collect(record.replace(answer.record(each)));
            }
        }
    }
}
