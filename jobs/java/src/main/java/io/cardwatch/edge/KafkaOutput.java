package io.cardwatch.edge;

import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;

/** A finished record for Kafka, in the shape that Flink's serializer of plain objects wants. */
public final class KafkaOutput {
    public String topic;
    /** Null for a record without key. */
    public byte[] key;

    public byte[] value;

    public KafkaOutput() {}

    KafkaOutput(String topic, byte[] key, byte[] value) {
        this.topic = topic;
        this.key = key;
        this.value = value;
    }

    /** Hands finished records to Kafka's producer; names the topics, which Flink warns of otherwise. */
    static final class Serializer
            implements KafkaRecordSerializationSchema<KafkaOutput>, KafkaDatasetFacetProvider {
        private static final long serialVersionUID = 1;

        private final List<String> topics;

        Serializer(List<String> topics) {
            this.topics = topics;
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(KafkaOutput record, KafkaSinkContext context, Long time) {
            return new ProducerRecord<>(record.topic, record.key, record.value);
        }

        @Override
        public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
            return Optional.of(new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(topics)));
        }
    }
}
