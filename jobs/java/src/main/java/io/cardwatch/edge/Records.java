package io.cardwatch.edge;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Packs Kafka records into batches: the messages that the first stage gets.
 *
 * <p>The body of a message, little-endian: time in milliseconds (int64), offset (int64), partition
 * (int32), lengths of topic, key and value (int32, -1 for null), then these three. Its key is the
 * record's key as text, where bytes that are no UTF-8 become replacement characters, so that what is
 * garbage keeps to the place of one key; a record without key has the empty one.
 */
final class Records {
    private static final int HEAD = 32;
    private static final byte[] NOTHING = {};

    private final List<byte[]> keys = new ArrayList<>();
    private final List<byte[]> bodies = new ArrayList<>();
    private int size;

    void add(ConsumerRecord<byte[], byte[]> record) {
        byte[] key = record.key() == null ? NOTHING : text(record.key());
        byte[] body = body(record);
        keys.add(key);
        bodies.add(body);
        size += key.length + body.length;
    }

    int count() {
        return keys.size();
    }

    int size() {
        return size;
    }

    /** Return the batch of what was added, and be empty again. */
    byte[] take() {
        byte[] batch = Batch.of(keys, bodies);
        keys.clear();
        bodies.clear();
        size = 0;
        return batch;
    }

    private static byte[] text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] body(ConsumerRecord<byte[], byte[]> record) {
        byte[] topic = record.topic().getBytes(StandardCharsets.UTF_8);
        byte[] key = record.key();
        byte[] value = record.value();
        byte[] body = new byte[HEAD + topic.length + length(key) + length(value)];
        Batch.putLong(body, 0, record.timestamp());
        Batch.putLong(body, 8, record.offset());
        Batch.putInt(body, 16, record.partition());
        Batch.putInt(body, 20, topic.length);
        Batch.putInt(body, 24, key == null ? -1 : key.length);
        Batch.putInt(body, 28, value == null ? -1 : value.length);
        System.arraycopy(topic, 0, body, HEAD, topic.length);
        if (key != null) {
            System.arraycopy(key, 0, body, HEAD + topic.length, key.length);
        }
        if (value != null) {
            System.arraycopy(value, 0, body, body.length - value.length, value.length);
        }
        return body;
    }

    private static int length(byte[] bytes) {
        return bytes == null ? 0 : bytes.length;
    }
}
