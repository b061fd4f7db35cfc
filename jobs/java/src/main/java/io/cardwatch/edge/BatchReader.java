package io.cardwatch.edge;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Kafka's own split reader, with what one poll brought, over all partitions, as batches.
 *
 * <p>A batch travels as the value of a Kafka record at the offset of the batch's last record. Each
 * partition that the batch has records of beside that one is told of before it, by a record without
 * value at the offset of the last of them: see {@link BatchSource}. Nobody waits for a batch to fill.
 */
final class BatchReader extends KafkaPartitionSplitReader {
    /** Size of a batch in bytes that the next record is not added to. */
    static final int FULL = 1 << 20;

    private final int most;

    BatchReader(Properties properties, SourceReaderContext context, KafkaSourceReaderMetrics metrics, int most) {
        super(properties, context, metrics);
        this.most = most;
    }

    @Override
    public RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetch() throws IOException {
        return batches(super.fetch(), most);
    }

    static RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> batches(
            RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> polled, int most) {
        List<Split> splits = new ArrayList<>();
        Records records = new Records();
        for (String id = polled.nextSplit(); id != null; id = polled.nextSplit()) {
            List<ConsumerRecord<byte[], byte[]>> made = new ArrayList<>();
            ConsumerRecord<byte[], byte[]> last = null;
            for (ConsumerRecord<byte[], byte[]> record = polled.nextRecordFromSplit();
                    record != null;
                    record = polled.nextRecordFromSplit()) {
                records.add(record);
                last = record;
                if (records.count() == most || records.size() >= FULL) {
                    made.add(at(last, records.take()));
                    last = null;
                }
            }
            if (last != null) {
                made.add(at(last, null));
            }
            if (!made.isEmpty()) {
                splits.add(new Split(id, made));
            }
        }
        if (records.count() > 0) {
            List<ConsumerRecord<byte[], byte[]>> made = splits.get(splits.size() - 1).made;
            made.add(at(made.remove(made.size() - 1), records.take()));
        }
        Set<String> finished = Set.copyOf(polled.finishedSplits());
        polled.recycle();
        return new Batches(splits.iterator(), finished);
    }

    private static ConsumerRecord<byte[], byte[]> at(ConsumerRecord<byte[], byte[]> last, byte[] batch) {
        return new ConsumerRecord<>(last.topic(), last.partition(), last.offset(), null, batch);
    }

    private record Split(String id, List<ConsumerRecord<byte[], byte[]>> made) {}

    /** Splits in their own order, on which the batches over several of them depend. */
    private static final class Batches implements RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> {
        private final Iterator<Split> splits;
        private final Set<String> finished;
        private Iterator<ConsumerRecord<byte[], byte[]>> made;

        Batches(Iterator<Split> splits, Set<String> finished) {
            this.splits = splits;
            this.finished = finished;
        }

        @Override
        public String nextSplit() {
            if (!splits.hasNext()) {
                return null;
            }
            Split next = splits.next();
            made = next.made.iterator();
            return next.id;
        }

        @Override
        public ConsumerRecord<byte[], byte[]> nextRecordFromSplit() {
            return made.hasNext() ? made.next() : null;
        }

        @Override
        public Set<String> finishedSplits() {
            return finished;
        }
    }
}
