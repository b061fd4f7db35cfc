package io.cardwatch.edge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** What a poll brought becomes batches over its partitions, with the offset of each one's last record. */
class BatchReaderTest {
    private final RecordsBySplits.Builder<ConsumerRecord<byte[], byte[]>> polled = new RecordsBySplits.Builder<>();

    private void poll(String split, long first, int count, byte[] value) {
        for (long offset = first; offset < first + count; offset++) {
            byte[] key = ("key" + offset).getBytes(StandardCharsets.UTF_8);
            polled.add(split, new ConsumerRecord<>("topic", 3, offset, key, value));
        }
    }

    /** Return what is handed on, as "split offset: number of records", without a number where no batch is. */
    private List<String> made(int most) {
        RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> made = BatchReader.batches(polled.build(), most);
        List<String> found = new ArrayList<>();
        for (String split = made.nextSplit(); split != null; split = made.nextSplit()) {
            for (ConsumerRecord<byte[], byte[]> each = made.nextRecordFromSplit(); each != null;
                    each = made.nextRecordFromSplit()) {
                found.add(split + " " + each.offset() + ":" + (each.value() == null ? "" : " " + Batch.count(each.value())));
            }
        }
        return found;
    }

    @Test
    void aPollOfOnePartitionBecomesBatchesOfTheLargestNumberAndOneOfTheRest() {
        poll("a", 100, 130, new byte[10]);
        assertEquals(List.of("a 163: 64", "a 227: 64", "a 229: 2"), made(64));
    }

    @Test
    void aBatchHoldsTheRecordsOfSeveralPartitions() {
        poll("a", 0, 3, new byte[10]);
        poll("b", 7, 1, new byte[10]);
        poll("c", 20, 2, new byte[10]);
        assertEquals(List.of("a 2:", "b 7:", "c 21: 6"), made(64));
    }

    @Test
    void aFullBatchEndsWithinAPartitionWhoseRestGoesIntoTheNextOne() {
        poll("a", 0, 3, new byte[10]);
        poll("b", 10, 7, new byte[10]);
        assertEquals(List.of("a 2:", "b 10: 4", "b 14: 4", "b 16: 2"), made(4));
    }

    @Test
    void nothingIsLeftWhereTheLastRecordFillsABatch() {
        poll("a", 0, 2, new byte[10]);
        poll("b", 10, 2, new byte[10]);
        assertEquals(List.of("a 1:", "b 11: 4"), made(4));
    }

    @Test
    void aBatchEndsAtOneMebibyte() {
        poll("a", 0, 5, new byte[BatchReader.FULL / 2]);
        assertEquals(List.of("a 1: 2", "a 3: 2", "a 4: 1"), made(64));
    }

    @Test
    void anEmptyPollHasNoBatchAndPartitionsThatEndedStayEnded() {
        polled.addFinishedSplit("ended");
        RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> made = BatchReader.batches(polled.build(), 64);
        assertEquals(Set.of("ended"), made.finishedSplits());
        assertTrue(made.nextSplit() == null || made.nextRecordFromSplit() == null);
    }

    @Test
    void aRecordIsPackedWithAllThatKafkaSaysOfIt() {
        Records records = new Records();
        records.add(new ConsumerRecord<>("topic", 3, 11, null, null));
        records.add(new ConsumerRecord<>("topic", 3, 12, new byte[] {(byte) 0xff, 'k'}, new byte[] {1, 2}));
        Batch batch = new Batch(records.take());
        assertEquals("", batch.key(0));
        assertEquals("\uFFFDk", batch.key(1));
        byte[] body = batch.body(1);
        assertEquals(-1, Batch.getLong(body, 0), "no time");
        assertEquals(12, Batch.getLong(body, 8));
        int[] numbers = {3, 5, 2, 2};
        for (int i = 0; i < numbers.length; i++) {
            assertEquals(numbers[i], Batch.getInt(body, 16 + 4 * i));
        }
        assertEquals(-1, Batch.getInt(batch.body(0), 24));
        assertEquals(-1, Batch.getInt(batch.body(0), 28));
        assertEquals(32 + 5 + 2 + 2, body.length);
        assertEquals(0, records.count());
    }
}
