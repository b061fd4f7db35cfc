package io.cardwatch.edge;

import java.util.List;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * A keyed stage: the states of a batch's keys out of the backend, one call into Python, the next
 * states back, the outputs on. Where Python lacks pages of long states, it asks for them first.
 *
 * <p>All of a batch happens in one call of {@link #processElement}, so that barriers, watermarks and
 * the end of input come between batches and a failure leaves nothing half done.
 */
abstract class StageOperator<T> extends AbstractStreamOperator<T> implements OneInputStreamOperator<byte[], T> {
    private static final long serialVersionUID = 1;

    private final Worker.Opener opener;
    private final KeyedState state;
    private transient ValueState<byte[]> value;
    private transient MapState<Long, byte[]> pages;
    private transient Worker python;
    protected transient StageMetrics metrics;

    /**
     * Describe a stage.
     *
     * @param opener Opens the stage's Python.
     * @param state What the stage keeps of each key.
     */
    StageOperator(Worker.Opener opener, KeyedState state) {
        this.opener = opener;
        this.state = state;
    }

    /** Hand on what Python answered to one batch. */
    abstract void emit(Call.Answer answer, StreamRecord<byte[]> element);

    @Override
    public void open() throws Exception {
        super.open();
        value = state.value(getRuntimeContext());
        pages = state.pages(getRuntimeContext());
        metrics = new StageMetrics(getMetricGroup());
        String[] temporary = getContainingTask().getEnvironment().getTaskManagerInfo().getTmpDirectories();
        python = opener.open(getRuntimeContext(), temporary);
        metrics.tally(new Call.Answer(python.opened()));
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
            states[key] = value.value();
        }
        byte[] frame = call.frame(states);
        long called = System.nanoTime();
        byte[] answered = python.call(frame);
        if (Call.Request.is(answered)) {
            answered = python.resume(asked(new Call.Request(answered), keys));
        }
        long returned = System.nanoTime();
        Call.Answer answer = new Call.Answer(answered);
        for (int key = 0; key < states.length; key++) {
            byte[] next = answer.state(key);
            if (next != null) {
                setCurrentKey(Keys.row(keys.get(key)));
                value.update(next);
            }
        }
        writePages(answer, keys);
        metrics.tally(answer);
        metrics.took(
                Batch.count(element.getValue()), returned - called, called - start + System.nanoTime() - returned);
        emit(answer, element);
    }

    /** Return the frame of the pages that Python asks for, which lie key by key. */
    private byte[] asked(Call.Request request, List<String> keys) throws Exception {
        byte[][] found = new byte[request.count][];
        int current = -1;
        for (int page = 0; page < found.length; page++) {
            current = changeKey(current, request.key(page), keys);
            found[page] = pages.get(request.number(page));
        }
        return request.frame(found);
    }

    private void writePages(Call.Answer answer, List<String> keys) throws Exception {
        int current = -1;
        for (int page = 0; page < answer.pages; page++) {
            current = changeKey(current, answer.pageKey(page), keys);
            byte[] content = answer.page(page);
            if (content == null) {
                pages.remove(answer.pageNumber(page));
            } else {
                pages.put(answer.pageNumber(page), content);
            }
        }
    }

    private int changeKey(int current, int next, List<String> keys) {
        if (next != current) {
            setCurrentKey(Keys.row(keys.get(next)));
        }
        return next;
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

        Middle(Worker.Opener opener, KeyedState state) {
            super(opener, state);
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

        Last(Worker.Opener opener, KeyedState state) {
            super(opener, state);
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
