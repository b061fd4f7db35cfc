package io.cardwatch.edge;

import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;

/** Flink's test harness around a stage. */
final class Harnesses {
    static final int KEY_GROUPS = 16;

    private Harnesses() {}

    /** Open a stage with the state of a snapshot, null for none. */
    static KeyedOneInputStreamOperatorTestHarness<Row, byte[], byte[]> open(
            StageOperator.Middle operator, int subtasks, int subtask, OperatorSubtaskState state) throws Exception {
        KeyedOneInputStreamOperatorTestHarness<Row, byte[], byte[]> harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        operator, new Keys.Unused(), Keys.TYPE, KEY_GROUPS, subtasks, subtask);
        harness.setup(PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO.createSerializer(
                harness.getExecutionConfig().getSerializerConfig()));
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
        return harness;
    }
}
