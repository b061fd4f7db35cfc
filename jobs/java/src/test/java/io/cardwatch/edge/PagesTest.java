package io.cardwatch.edge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

/** A stage with pages, without its Python: a worker in Java reads and writes the pages of each key. */
class PagesTest {
    private static final long TTL_MS = 1000;
    private static final long PAGES_TTL_MS = 5000;

    /**
     * Does for each key what its last body says: "+n text" writes page n, "-n" deletes it, "?" nothing.
     * The value of a key is the text of its last body. The output of a key is pages 0 to 2 before it.
     */
    private static final class Paging implements Worker {
        private static final int ASKED = 3;
        private final List<String> keys = new ArrayList<>();
        private final Map<String, String> bodies = new HashMap<>();

        @Override
        public byte[] opened() {
            return Answers.of(List.of(), new byte[0][], Map.of());
        }

        @Override
        public byte[] call(byte[] frame) {
            Batch batch = new Batch(java.util.Arrays.copyOfRange(frame, 8, 8 + Batch.getInt(frame, 0)));
            keys.clear();
            bodies.clear();
            for (int message = 0; message < batch.count; message++) {
                if (bodies.put(batch.key(message), text(batch.body(message))) == null) {
                    keys.add(batch.key(message));
                }
            }
            int count = ASKED * keys.size();
            byte[] request = new byte[8 + 8 * count];
            Batch.putInt(request, 0, -1);
            Batch.putInt(request, 4, count);
            for (int page = 0; page < count; page++) {
                Batch.putInt(request, 8 + 4 * page, page / ASKED);
                Batch.putInt(request, 8 + 4 * (count + page), page % ASKED);
            }
            return request;
        }

        @Override
        public byte[] resume(byte[] pages) {
            int count = ASKED * keys.size();
            int[] at = Batch.places(pages, 0, count, 4 * count);
            List<KafkaOutput> outputs = new ArrayList<>();
            List<Answers.Page> changed = new ArrayList<>();
            byte[][] next = new byte[keys.size()][];
            for (int key = 0; key < keys.size(); key++) {
                StringBuilder found = new StringBuilder();
                for (int page = ASKED * key; page < ASKED * (key + 1); page++) {
                    boolean there = Batch.getInt(pages, 4 * page) >= 0;
                    found.append(there ? new String(pages, at[page], at[page + 1] - at[page], StandardCharsets.UTF_8) : "-");
                }
                String body = bodies.get(keys.get(key));
                if (!body.equals("?")) {
                    int number = Integer.parseInt(body.substring(1, 2));
                    byte[] content = body.startsWith("+") ? BatchTest.bytes(body.substring(3)) : null;
                    changed.add(new Answers.Page(key, number, content));
                }
                next[key] = BatchTest.bytes(body);
                outputs.add(new KafkaOutput(keys.get(key), null, BatchTest.bytes(found.toString())));
            }
            return Answers.of(outputs, next, Map.of(), changed.toArray(Answers.Page[]::new));
        }

        @Override
        public void close() {}
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Worker opening(RuntimeContext context, String[] temporary) {
        return new Paging();
    }

    private static KeyedOneInputStreamOperatorTestHarness<Row, byte[], byte[]> harness(
            long pagesTtlMs, int subtasks, int subtask, OperatorSubtaskState state) throws Exception {
        StageOperator.Middle operator =
                new StageOperator.Middle(PagesTest::opening, new KeyedState("merchant", TTL_MS, pagesTtlMs));
        return Harnesses.open(operator, subtasks, subtask, state);
    }

    private static List<String> told(
            KeyedOneInputStreamOperatorTestHarness<Row, byte[], byte[]> harness, String... messages) throws Exception {
        int before = harness.extractOutputValues().size();
        harness.processElement(new StreamRecord<>(BatchTest.batch(messages)));
        Batch batch = new Batch(harness.extractOutputValues().get(before));
        List<String> found = new ArrayList<>();
        for (int message = 0; message < batch.count; message++) {
            found.add(batch.key(message) + " " + text(batch.body(message)));
        }
        return found;
    }

    @Test
    void pagesOfManyKeysAreWrittenReadAndDeleted() throws Exception {
        try (var harness = harness(PAGES_TTL_MS, 1, 0, null)) {
            assertEquals(List.of("a ---", "b ---"), told(harness, "a", "+0 x", "b", "+2 y"));
            assertEquals(List.of("b --y", "a x--"), told(harness, "b", "+0 longer", "a", "+1 z"));
            assertEquals(List.of("a xz-", "b longer-y"), told(harness, "a", "-0", "b", "?"));
            assertEquals(List.of("a -z-"), told(harness, "a", "?"));
        }
    }

    @Test
    void aSnapshotHasThePagesOfItsKeysAtTwoSubtasks() throws Exception {
        OperatorSubtaskState snapshot;
        try (var harness = harness(PAGES_TTL_MS, 1, 0, null)) {
            told(harness, "a", "+0 of a", "b", "+1 of b", "c", "+2 of c", "d", "+0 of d");
            snapshot = harness.snapshot(1, 1);
            told(harness, "a", "-0", "b", "+0 later");
        }
        Map<String, String> expected = Map.of("a", "a of a--", "b", "b -of b-", "c", "c --of c", "d", "d of d--");
        for (String key : expected.keySet()) {
            int subtask = Divider.subtask(key, Harnesses.KEY_GROUPS, 2);
            OperatorSubtaskState share = KeyedOneInputStreamOperatorTestHarness.repartitionOperatorState(
                    snapshot, Harnesses.KEY_GROUPS, 1, 2, subtask);
            try (var harness = harness(PAGES_TTL_MS, 2, subtask, share)) {
                assertEquals(List.of(expected.get(key)), told(harness, key, "?"));
            }
        }
    }

    @Test
    void aPageOutlivesTheValueOfAnIdleKey() throws Exception {
        try (var harness = harness(PAGES_TTL_MS, 1, 0, null)) {
            harness.setStateTtlProcessingTime(0);
            told(harness, "a", "+0 x");
            harness.setStateTtlProcessingTime(PAGES_TTL_MS - 1);
            assertEquals(List.of("a x--"), told(harness, "a", "?"));
            harness.setStateTtlProcessingTime(PAGES_TTL_MS + 1);
            assertEquals(List.of("a ---"), told(harness, "a", "?"));
        }
    }
}
