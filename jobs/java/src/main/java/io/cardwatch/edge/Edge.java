package io.cardwatch.edge;

import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.flink.python.util.PythonConfigUtil;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.OneInputTransformation;

/** What Python builds the graph with: a source, stages, a sink. jobs/flink_edge/batches.py calls it. */
public final class Edge {
    private static final TypeInformation<byte[]> BYTES = PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;

    private Edge() {}

    /**
     * Read topics from their start, as batches.
     *
     * @param most Most records in a batch.
     * @param given Properties of the consumer.
     */
    public static SingleOutputStreamOperator<byte[]> source(
            StreamExecutionEnvironment env,
            String uid,
            String bootstrap,
            List<String> topics,
            String group,
            int most,
            Properties given) {
        KafkaSource<byte[]> kafka = KafkaSource.<byte[]>builder()
                .setBootstrapServers(bootstrap)
                .setTopics(List.copyOf(topics))
                .setGroupId(group)
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(KafkaRecordDeserializationSchema.valueOnly(ByteArrayDeserializer.class))
                .setProperties(given)
                .build();
        return source(env, uid, kafka, consumer(bootstrap, group, given), most);
    }

    /** Read from a source of Kafka's, as batches. */
    public static SingleOutputStreamOperator<byte[]> source(
            StreamExecutionEnvironment env, String uid, KafkaSource<byte[]> kafka, Properties consumer, int most) {
        BatchSource source = new BatchSource(kafka, consumer, most);
        return env.fromSource(source, WatermarkStrategy.noWatermarks(), uid, BYTES).uid(uid);
    }

    /** Return the properties that Kafka's builder would give the reader, which it keeps to itself. */
    public static Properties consumer(String bootstrap, String group, Properties given) {
        Properties all = new Properties();
        all.putAll(given);
        all.setProperty("bootstrap.servers", bootstrap);
        all.setProperty("group.id", group);
        all.setProperty("client.id.prefix", group);
        all.setProperty("enable.auto.commit", "false");
        all.setProperty("auto.offset.reset", "earliest");
        all.setProperty("key.deserializer", ByteArrayDeserializer.class.getName());
        all.setProperty("value.deserializer", ByteArrayDeserializer.class.getName());
        return all;
    }

    /**
     * Describe the state of a stage.
     *
     * @param pagesTtlMs Time in milliseconds after which a page is forgotten; 0 for a stage without pages.
     */
    public static KeyedState state(String name, long ttlMs, long pagesTtlMs) {
        return new KeyedState(name, ttlMs, pagesTtlMs);
    }

    /** Add a stage whose outputs go to another stage. */
    public static SingleOutputStreamOperator<byte[]> stage(
            DataStream<byte[]> from, String uid, String name, KeyedState state, byte[] pickled) {
        return add(from, uid, name, BYTES, new StageOperator.Middle(python(from, pickled), state));
    }

    /** Add a stage whose outputs are records for Kafka. */
    public static SingleOutputStreamOperator<KafkaOutput> lastStage(
            DataStream<byte[]> from, String uid, String name, KeyedState state, byte[] pickled) {
        StageOperator.Last operator = new StageOperator.Last(python(from, pickled), state);
        return add(from, uid, name, TypeInformation.of(KafkaOutput.class), operator);
    }

    private static Worker.Opener python(DataStream<?> from, byte[] pickled) {
        ReadableConfig job = from.getExecutionEnvironment().getConfiguration();
        return new Python.Opener(PythonConfigUtil.extractPythonConfiguration(job), pickled);
    }

    /** Add a keyed operator. One subtask has every key, so nothing is divided in front of it. */
    private static <T> SingleOutputStreamOperator<T> add(
            DataStream<byte[]> from, String uid, String name, TypeInformation<T> type, StageOperator<T> operator) {
        DataStream<byte[]> placed = from;
        if (from.getParallelism() > 1) {
            Divider.ToSubtask toSubtask = new Divider.ToSubtask();
            placed = from.transform("divide for the " + name, BYTES, new Divider())
                    .uid(uid + "-divide")
                    .partitionCustom(toSubtask, toSubtask);
        }
        SingleOutputStreamOperator<T> stage = placed.transform(name, type, operator).uid(uid);
        OneInputTransformation<?, ?> keyed = (OneInputTransformation<?, ?>) stage.getTransformation();
        keyed.setStateKeyType(Keys.TYPE);
        ((OneInputTransformation<byte[], T>) stage.getTransformation()).setStateKeySelector(new Keys.Unused());
        return stage;
    }

    /**
     * Write finished records to Kafka.
     *
     * @param topics Names of all topics that a record may go to.
     * @param delivery exactly-once, at-least-once or none.
     * @param prefix Prefix of the transactional ids.
     * @param given Properties of the producer.
     */
    public static void sink(
            DataStream<KafkaOutput> from,
            String uid,
            String bootstrap,
            List<String> topics,
            String delivery,
            String prefix,
            Properties given) {
        KafkaSink<KafkaOutput> sink = KafkaSink.<KafkaOutput>builder()
                .setBootstrapServers(bootstrap)
                .setRecordSerializer(new KafkaOutput.Serializer(List.copyOf(topics)))
                .setDeliveryGuarantee(DeliveryGuarantee.valueOf(delivery.replace('-', '_').toUpperCase()))
                .setTransactionalIdPrefix(prefix)
                // The other way, a new id for each checkpoint, leaves the broker 600,000 of them a
                // week, each of which it remembers for seven days.
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
                .setKafkaProducerConfig(given)
                .build();
        from.sinkTo(sink).uid(uid).name(uid);
    }
}
