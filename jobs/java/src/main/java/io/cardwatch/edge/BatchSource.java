package io.cardwatch.edge;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.synchronization.FutureCompletingBlockingQueue;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaSourceReader;
import org.apache.flink.connector.kafka.source.reader.fetcher.KafkaSourceFetcherManager;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitState;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.OperatorIOMetricGroup;

/**
 * Kafka's source with batches of records as its elements.
 *
 * <p>Splits, enumerator and their serializers are Kafka's own, so a savepoint fits any job that reads
 * the same topics by Kafka's source, the table connector's too.
 */
public final class BatchSource
        implements Source<byte[], KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<byte[]> {
    private static final long serialVersionUID = 1;

    private final KafkaSource<byte[]> kafka;
    private final Properties consumer;
    private final int most;

    /**
     * Wrap a source.
     *
     * @param kafka Source whose splits and start are taken; its deserializer is never called.
     * @param consumer All properties of the consumer, those that Kafka's builder would add included.
     * @param most Most records in a batch.
     */
    public BatchSource(KafkaSource<byte[]> kafka, Properties consumer, int most) {
        this.kafka = kafka;
        this.consumer = consumer;
        this.most = most;
    }

    @Override
    public SourceReader<byte[], KafkaPartitionSplit> createReader(SourceReaderContext context) {
        KafkaSourceReaderMetrics metrics = new KafkaSourceReaderMetrics(context.metricGroup());
        FutureCompletingBlockingQueue<
                        org.apache.flink.connector.base.source.reader.RecordsWithSplitIds<
                                ConsumerRecord<byte[], byte[]>>>
                queue = new FutureCompletingBlockingQueue<>();
        KafkaSourceFetcherManager fetchers = new KafkaSourceFetcherManager(
                queue, () -> new BatchReader(consumer, context, metrics, most), finished -> {});
        return new KafkaSourceReader<>(
                queue, fetchers, new Emitter(context.metricGroup().getIOMetricGroup()), new Configuration(), context,
                metrics);
    }

    /**
     * Hands on a batch, notes the offsets behind it, and counts its records where Flink counts one.
     *
     * <p>The offsets of all partitions of a batch move when it is handed on and not before, so that a
     * checkpoint has either all of a batch or nothing of it.
     */
    static final class Emitter
            implements RecordEmitter<ConsumerRecord<byte[], byte[]>, byte[], KafkaPartitionSplitState> {
        private final Counter in;
        private final Counter out;
        private final List<Runnable> moves = new ArrayList<>();

        Emitter(OperatorIOMetricGroup metrics) {
            in = metrics.getNumRecordsInCounter();
            out = metrics.getNumRecordsOutCounter();
        }

        @Override
        public void emitRecord(
                ConsumerRecord<byte[], byte[]> record, SourceOutput<byte[]> output, KafkaPartitionSplitState split) {
            moves.add(() -> split.setCurrentOffset(record.offset() + 1));
            byte[] batch = record.value();
            if (batch == null) {
                in.dec();
                return;
            }
            in.inc(Batch.count(batch) - 1);
            out.inc(Batch.count(batch) - 1);
            output.collect(batch);
            moves.forEach(Runnable::run);
            moves.clear();
        }
    }

    @Override
    public Boundedness getBoundedness() {
        return kafka.getBoundedness();
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context) {
        return kafka.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state) throws IOException {
        return kafka.restoreEnumerator(context, state);
    }

    @Override
    public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
        return kafka.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
        return kafka.getEnumeratorCheckpointSerializer();
    }

    @Override
    public TypeInformation<byte[]> getProducedType() {
        return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
    }
}
