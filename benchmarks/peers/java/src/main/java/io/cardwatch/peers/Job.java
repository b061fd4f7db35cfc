package io.cardwatch.peers;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** Payments to decisions, all in Java: {@code --bootstrap HOST:PORT --bundle FOLDER}. */
public final class Job {
    private static final String DECISIONS = "decisions";

    private Job() {}

    /** Builds the graph and hands it to the cluster. */
    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[1];
        String bundle = arguments[3];
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        KafkaSource<Payment> source = KafkaSource.<Payment>builder()
                .setBootstrapServers(bootstrap)
                .setTopics("transactions")
                .setGroupId("peer-java")
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new Parse())
                .build();
        KafkaSink<Tuple2<byte[], byte[]>> sink = KafkaSink.<Tuple2<byte[], byte[]>>builder()
                .setBootstrapServers(bootstrap)
                .setRecordSerializer(new Write())
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix("peer-java")
                .setProperty("transaction.timeout.ms", "900000")
                .setProperty("linger.ms", "1")
                .build();
        env.fromSource(source, WatermarkStrategy.noWatermarks(), "payments")
                .keyBy(payment -> payment.cardId)
                .process(new CardStage())
                .keyBy(payment -> payment.merchantId)
                .process(new MerchantStage(bundle))
                .sinkTo(sink);
        env.execute("cardwatch peer: Java");
    }

    /** A Kafka record to a payment. */
    private static final class Parse implements KafkaRecordDeserializationSchema<Payment> {
        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Payment> out)
                throws java.io.IOException {
            out.collect(Payment.parse(record.value(), record.timestamp()));
        }

        @Override
        public TypeInformation<Payment> getProducedType() {
            return TypeInformation.of(Payment.class);
        }
    }

    /** Key and value to a record of the decisions topic. */
    private static final class Write
            implements KafkaRecordSerializationSchema<Tuple2<byte[], byte[]>> {
        @Override
        public ProducerRecord<byte[], byte[]> serialize(
                Tuple2<byte[], byte[]> pair, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(DECISIONS, pair.f0, pair.f1);
        }
    }
}
