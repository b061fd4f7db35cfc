package io.cardwatch.edge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitState;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.metrics.groups.OperatorIOMetricGroup;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.junit.jupiter.api.Test;

/** The offsets of all partitions of a batch move with it, so that a checkpoint never cuts it in two. */
class EmitterTest {
    private final OperatorIOMetricGroup metrics =
            UnregisteredMetricGroups.createUnregisteredOperatorMetricGroup().getIOMetricGroup();
    private final BatchSource.Emitter emitter = new BatchSource.Emitter(metrics);
    private final KafkaPartitionSplitState first = split(0);
    private final KafkaPartitionSplitState second = split(1);
    private int handedOn;

    private static KafkaPartitionSplitState split(int partition) {
        return new KafkaPartitionSplitState(new KafkaPartitionSplit(new TopicPartition("topic", partition), 5));
    }

    private void emit(KafkaPartitionSplitState split, long offset, byte[] batch) {
        emitter.emitRecord(new ConsumerRecord<>("topic", 0, offset, null, batch), new Output(), split);
    }

    @Test
    void offsetsStayUntilTheBatchIsHandedOn() {
        emit(first, 7, null);
        assertEquals(5, first.getCurrentOffset(), "before the batch");
        assertEquals(0, handedOn);
        emit(second, 9, Batch.of(List.of(new byte[1], new byte[1]), List.of(new byte[2], new byte[3])));
        assertEquals(1, handedOn);
        assertEquals(8, first.getCurrentOffset());
        assertEquals(10, second.getCurrentOffset());
    }

    @Test
    void aBatchMovesItsOwnPartitionsOnly() {
        emit(first, 7, null);
        emit(second, 9, Batch.of(List.of(new byte[1]), List.of(new byte[2])));
        first.setCurrentOffset(5);
        emit(second, 10, Batch.of(List.of(new byte[1]), List.of(new byte[2])));
        assertEquals(5, first.getCurrentOffset());
        assertEquals(11, second.getCurrentOffset());
    }

    @Test
    void flinkCountsRecordsWhereItWouldCountWhatIsHandedOver() {
        long flinksOwn = 2; // one for each call, in the reader
        emit(first, 7, null);
        emit(second, 9, Batch.of(List.of(new byte[1], new byte[1]), List.of(new byte[2], new byte[3])));
        assertEquals(2, metrics.getNumRecordsInCounter().getCount() + flinksOwn);
        assertEquals(1, metrics.getNumRecordsOutCounter().getCount(), "beside the one that the output counts");
    }

    private final class Output implements SourceOutput<byte[]> {
        @Override
        public void collect(byte[] batch) {
            handedOn++;
        }

        @Override
        public void collect(byte[] batch, long timestamp) {
            handedOn++;
        }

        @Override
        public void emitWatermark(Watermark watermark) {}

        @Override
        public void markIdle() {}

        @Override
        public void markActive() {}
    }
}
