package io.cardwatch.edge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

/** A stage without its Python: a worker in Java counts the messages of each key. */
class StageOperatorTest {
    private static final long TTL_MS = 1000;

    /** Answers each call with one output for each message, "key number", and the keys' new numbers. */
    private static final class Counting implements Worker {
        boolean closed;

        @Override
        public byte[] opened() {
            return Answers.of(List.of(), new byte[0][], Map.of("cardwatch\nopened", 1));
        }

        @Override
        public byte[] call(byte[] frame) {
            int size = Batch.getInt(frame, 0);
            int keys = Batch.getInt(frame, 4);
            Batch batch = new Batch(java.util.Arrays.copyOfRange(frame, 8, 8 + size));
            int[] states = Batch.places(frame, 8 + size + 4 * keys, keys, 8 + size + 8 * keys);
            Map<String, Integer> numbers = new java.util.HashMap<>();
            List<String> order = new ArrayList<>();
            for (int key = 0; key < keys; key++) {
                String name = batch.key(Batch.getInt(frame, 8 + size + 4 * key));
                String state = new String(frame, states[key], states[key + 1] - states[key], StandardCharsets.UTF_8);
                numbers.put(name, state.isEmpty() ? 0 : Integer.parseInt(state));
                order.add(name);
            }
            List<KafkaOutput> outputs = new ArrayList<>();
            for (int message = 0; message < batch.count; message++) {
                if (new String(batch.body(message), StandardCharsets.UTF_8).equals("fail")) {
                    throw new IllegalStateException("failed in mid-batch");
                }
                String key = batch.key(message);
                numbers.merge(key, 1, Integer::sum);
                outputs.add(new KafkaOutput(key, null, BatchTest.bytes(key + " " + numbers.get(key))));
            }
            byte[][] next = order.stream().map(key -> BatchTest.bytes("" + numbers.get(key))).toArray(byte[][]::new);
            return Answers.of(outputs, next, Map.of("cardwatch\nseen", batch.count));
        }

        @Override
        public byte[] resume(byte[] pages) {
            throw new UnsupportedOperationException("no pages have been asked for");
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static Worker opening(RuntimeContext context, String[] temporary) {
        return new Counting();
    }

    private static KeyedOneInputStreamOperatorTestHarness<Row, byte[], byte[]> harness(
            int subtasks, int subtask, OperatorSubtaskState state) throws Exception {
        StageOperator.Middle operator = new StageOperator.Middle(
                StageOperatorTest::opening, new KeyedState("card", TTL_MS, 0));
        return Harnesses.open(operator, subtasks, subtask, state);
    }

    private static List<String> told(KeyedOneInputStreamOperatorTestHarness<Row, byte[], byte[]> harness) {
        List<String> found = new ArrayList<>();
        for (byte[] bytes : harness.extractOutputValues()) {
            Batch batch = new Batch(bytes);
            for (int message = 0; message < batch.count; message++) {
                found.add(new String(batch.body(message), StandardCharsets.UTF_8));
            }
        }
        return found;
    }

    @Test
    void statesOfManyKeysLiveBetweenBatches() throws Exception {
        try (var harness = harness(1, 0, null)) {
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "", "b", "", "a", "")));
            harness.processElement(new StreamRecord<>(BatchTest.batch("b", "", "c", "")));
            assertEquals(List.of("a 1", "b 1", "a 2", "b 2", "c 1"), told(harness));
            assertEquals(2, harness.extractOutputValues().size(), "one batch for each");
            assertEquals(3, harness.numKeyedStateEntries());
        }
    }

    @Test
    void anIdleKeyIsForgotten() throws Exception {
        try (var harness = harness(1, 0, null)) {
            harness.setStateTtlProcessingTime(0);
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "")));
            harness.setStateTtlProcessingTime(TTL_MS - 1);
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "")));
            harness.setStateTtlProcessingTime(2 * TTL_MS);
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "")));
            assertEquals(List.of("a 1", "a 2", "a 1"), told(harness));
        }
    }

    @Test
    void aSnapshotBetweenBatchesGoesOnAtTwoSubtasks() throws Exception {
        OperatorSubtaskState snapshot;
        try (var harness = harness(1, 0, null)) {
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "", "b", "", "c", "", "d", "")));
            snapshot = harness.snapshot(1, 1);
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "")));
        }
        for (String key : List.of("a", "b", "c", "d")) {
            int subtask = Divider.subtask(key, Harnesses.KEY_GROUPS, 2);
            OperatorSubtaskState share = KeyedOneInputStreamOperatorTestHarness.repartitionOperatorState(
                    snapshot, Harnesses.KEY_GROUPS, 1, 2, subtask);
            try (var harness = harness(2, subtask, share)) {
                harness.processElement(new StreamRecord<>(BatchTest.batch(key, "")));
                assertEquals(List.of(key + " 2"), told(harness));
            }
            try (var other = harness(2, 1 - subtask, null)) {
                assertThrows(
                        Exception.class,
                        () -> other.processElement(new StreamRecord<>(BatchTest.batch(key, ""))),
                        "a key of another subtask");
            }
        }
    }

    @Test
    void aFailureInMidBatchLeavesEveryStateAsItWas() throws Exception {
        try (var harness = harness(1, 0, null)) {
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "")));
            Exception error = assertThrows(
                    IllegalStateException.class,
                    () -> harness.processElement(new StreamRecord<>(BatchTest.batch("a", "", "b", "fail"))));
            assertEquals("failed in mid-batch", error.getMessage());
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "", "b", "")));
            assertEquals(List.of("a 1", "a 2", "b 1"), told(harness));
        }
    }

    @Test
    void watermarksPassBehindTheirBatchAndNothingIsHeldAtTheEnd() throws Exception {
        try (var harness = harness(1, 0, null)) {
            harness.processElement(new StreamRecord<>(BatchTest.batch("a", "")));
            harness.processWatermark(new Watermark(7));
            harness.endInput();
            assertEquals(2, harness.getOutput().size());
            Object[] output = harness.getOutput().toArray();
            assertEquals(new Watermark(7), output[1]);
            assertArrayEquals(BatchTest.batch("a", "a 1"), harness.extractOutputValues().get(0));
        }
    }

    @Test
    void aBatchIsDividedByTheKeyGroupsOfItsKeys() {
        String[] messages = new String[200];
        for (int i = 0; i < messages.length; i += 2) {
            messages[i] = "key" + i % 60;
            messages[i + 1] = "" + i;
        }
        List<byte[]> parts = Divider.divide(new Batch(BatchTest.batch(messages)), Harnesses.KEY_GROUPS, 3);
        int found = 0;
        for (byte[] bytes : parts) {
            Batch part = new Batch(bytes);
            int last = -1;
            for (int message = 0; message < part.count; message++) {
                int number = Integer.parseInt(new String(part.body(message), StandardCharsets.UTF_8));
                assertEquals("key" + number % 60, part.key(message));
                assertEquals(Batch.subtask(bytes), Divider.subtask(part.key(message), Harnesses.KEY_GROUPS, 3));
                assertTrue(number > last, "the order stays");
                last = number;
                found++;
            }
        }
        assertEquals(100, found);
        assertEquals(3, parts.size());
    }
}
