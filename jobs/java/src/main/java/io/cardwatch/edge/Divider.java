package io.cardwatch.edge;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Divides a batch into those of the next stage's subtasks, by the key groups of the messages' keys.
 *
 * <p>Flink sends an element to one subtask, so a batch with keys of several has to be taken apart. How
 * many subtasks there are is asked of the running task.
 */
final class Divider extends AbstractStreamOperator<byte[]> implements OneInputStreamOperator<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    private transient int subtasks;
    private transient int keyGroups;
    private transient Counter in;
    private transient Counter out;

    @Override
    public void open() throws Exception {
        super.open();
        subtasks = getContainingTask().getEnvironment().getWriter(0).getNumberOfSubpartitions();
        keyGroups = getRuntimeContext().getTaskInfo().getMaxNumberOfParallelSubtasks();
        in = getMetricGroup().getIOMetricGroup().getNumRecordsInCounter();
        out = getMetricGroup().getIOMetricGroup().getNumRecordsOutCounter();
    }

    @Override
    public void processElement(StreamRecord<byte[]> element) {
        Batch batch = new Batch(element.getValue());
        in.inc(batch.count - 1);
        for (byte[] part : divide(batch, keyGroups, subtasks)) {
            out.inc(Batch.count(part) - 1);
            output.collect(element.replace(part));
        }
    }

    /** Return a batch for each subtask that has a key, its messages in their order. */
    static List<byte[]> divide(Batch batch, int keyGroups, int subtasks) {
        int[] sizes = new int[subtasks];
        int[][] messages = new int[subtasks][];
        for (int message = 0; message < batch.count; message++) {
            int subtask = subtask(batch.key(message), keyGroups, subtasks);
            if (messages[subtask] == null) {
                messages[subtask] = new int[batch.count - message];
            }
            messages[subtask][sizes[subtask]++] = message;
        }
        List<byte[]> parts = new ArrayList<>();
        for (int subtask = 0; subtask < subtasks; subtask++) {
            if (sizes[subtask] > 0) {
                parts.add(batch.part(subtask, messages[subtask], sizes[subtask]));
            }
        }
        return parts;
    }

    static int subtask(String key, int keyGroups, int subtasks) {
        return KeyGroupRangeAssignment.assignKeyToParallelOperator(Keys.row(key), keyGroups, subtasks);
    }

    /** Sends a divided batch to its subtask. */
    static final class ToSubtask implements Partitioner<Integer>, KeySelector<byte[], Integer> {
        private static final long serialVersionUID = 1;

        @Override
        public Integer getKey(byte[] batch) {
            return Batch.subtask(batch);
        }

        @Override
        public int partition(Integer subtask, int subtasks) {
            return subtask;
        }
    }
}
