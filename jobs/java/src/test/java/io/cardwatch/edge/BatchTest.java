package io.cardwatch.edge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Frames hold what was put into them; an odd key or an empty body is one like any other. */
class BatchTest {
    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] batch(String... keysAndBodies) {
        List<byte[]> all = java.util.stream.Stream.of(keysAndBodies).map(BatchTest::bytes).toList();
        return Batch.of(every(all, 0), every(all, 1));
    }

    private static List<byte[]> every(List<byte[]> all, int from) {
        return java.util.stream.IntStream.range(0, all.size() / 2).mapToObj(i -> all.get(2 * i + from)).toList();
    }

    static String message(Batch batch, int message) {
        return batch.key(message) + "=" + new String(batch.body(message), StandardCharsets.UTF_8);
    }

    @Test
    void aBatchHoldsItsMessages() {
        Batch batch = new Batch(batch("a", "one", "", "", "\uD83D\uDE00", "two"));
        assertEquals(3, batch.count);
        assertEquals("a=one", message(batch, 0));
        assertEquals("=", message(batch, 1));
        assertEquals("\uD83D\uDE00=two", message(batch, 2));
    }

    @Test
    void aPartHasTheMessagesThatWereChosenInTheirOrder() {
        byte[] part = new Batch(batch("a", "1", "b", "22", "c", "", "d", "4444")).part(7, new int[] {1, 3, 9}, 2);
        assertEquals(7, Batch.subtask(part));
        assertArrayEquals(new Batch(batch("b", "22", "d", "4444")).part(7, new int[] {0, 1}, 2), part);
    }

    @Test
    void aCallHasEachKeyOnceWithItsState() {
        byte[] batch = batch("a", "1", "b", "2", "a", "3");
        Call call = new Call(batch);
        assertEquals(List.of("a", "b"), call.keys);
        byte[] frame = call.frame(new byte[][] {null, bytes("state")});
        assertEquals(batch.length, Batch.getInt(frame, 0));
        assertEquals(2, Batch.getInt(frame, 4));
        int at = 8 + batch.length;
        int[] numbers = {0, 1, -1, 5};
        for (int number : numbers) {
            assertEquals(number, Batch.getInt(frame, at));
            at += 4;
        }
        assertEquals("state", new String(frame, at, frame.length - at, StandardCharsets.UTF_8));
    }

    @Test
    void anAnswerGivesABatchOrRecords() {
        Call.Answer answer = new Call.Answer(Answers.of(
                List.of(new KafkaOutput("x", null, bytes("1")), new KafkaOutput("yy", bytes(""), bytes(""))),
                new byte[][] {null, bytes("next")},
                java.util.Map.of("cardwatch\nseen", 3)));
        Batch batch = new Batch(answer.batch());
        assertEquals("x=1", message(batch, 0));
        assertEquals("yy=", message(batch, 1));
        assertNull(answer.record(0).key);
        assertArrayEquals(new byte[0], answer.record(1).key);
        assertEquals("yy", answer.record(1).topic);
        assertNull(answer.state(0));
        assertArrayEquals(bytes("next"), answer.state(1));
        assertEquals("cardwatch\nseen", answer.path(0));
        assertEquals(3, answer.count(0));
    }
}
