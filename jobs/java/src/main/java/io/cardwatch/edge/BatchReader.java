package io.cardwatch.edge;

import java.io.IOException;
import java.util.Properties;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Kafka's own split reader, with what one poll brought for a partition as batches.
 *
 * <p>A batch travels as the value of a Kafka record at the offset of the batch's last record. So
 * Kafka's source reader keeps its books unchanged: it stores the offset behind that record and commits
 * it with the checkpoint. Nobody waits for a batch to fill.
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
        RecordsBySplits.Builder<ConsumerRecord<byte[], byte[]>> made = new RecordsBySplits.Builder<>();
        Records records = new Records();
        for (String split = polled.nextSplit(); split != null; split = polled.nextSplit()) {
            ConsumerRecord<byte[], byte[]> last = null;
            for (ConsumerRecord<byte[], byte[]> record = polled.nextRecordFromSplit();
                    record != null;
                    record = polled.nextRecordFromSplit()) {
                records.add(record);
                last = record;
                if (records.count() == most || records.size() >= FULL) {
                    made.add(split, at(last, records.take()));
                }
            }
            if (records.count() > 0) {
                made.add(split, at(last, records.take()));
            }
        }
        made.addFinishedSplits(polled.finishedSplits());
        polled.recycle();
        return made.build();
    }

    private static ConsumerRecord<byte[], byte[]> at(ConsumerRecord<byte[], byte[]> last, byte[] batch) {
        return new ConsumerRecord<>(last.topic(), last.partition(), last.offset(), null, batch);
    }
}
