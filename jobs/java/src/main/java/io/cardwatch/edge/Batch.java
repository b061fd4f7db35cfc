package io.cardwatch.edge;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Messages between two operators in one array, so that Flink's own serializer of bytes carries them.
 *
 * <p>Little-endian: the subtask that the batch is for (int32), the number of messages n (int32), n
 * lengths of keys, n lengths of bodies (int32 each), the keys in UTF-8, the bodies. Keys and bodies
 * lie side by side, so that a batch is made from an answer of Python's by copying two ranges.
 */
final class Batch {
    static final int HEAD = 8;
    /** The subtask of a batch that has not been divided. */
    static final int UNDIVIDED = 0;

    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    final byte[] bytes;
    final int count;
    /** Where each key and each body begins; one more for the end. */
    private final int[] keyAt;
    private final int[] bodyAt;

    Batch(byte[] bytes) {
        this.bytes = bytes;
        count = count(bytes);
        keyAt = places(bytes, HEAD, count, HEAD + 8 * count);
        bodyAt = places(bytes, HEAD + 4 * count, count, keyAt[count]);
    }

    static int getInt(byte[] from, int at) {
        return (int) INT.get(from, at);
    }

    static void putInt(byte[] to, int at, int value) {
        INT.set(to, at, value);
    }

    static long getLong(byte[] from, int at) {
        return (long) LONG.get(from, at);
    }

    static void putLong(byte[] to, int at, long value) {
        LONG.set(to, at, value);
    }

    static int subtask(byte[] batch) {
        return getInt(batch, 0);
    }

    static int count(byte[] batch) {
        return getInt(batch, 4);
    }

    /** Return where n things of the lengths at {@code lengthsAt} begin, the first at {@code first}. */
    static int[] places(byte[] from, int lengthsAt, int n, int first) {
        int[] places = new int[n + 1];
        places[0] = first;
        for (int i = 0; i < n; i++) {
            places[i + 1] = places[i] + Math.max(getInt(from, lengthsAt + 4 * i), 0);
        }
        return places;
    }

    static byte[] of(List<byte[]> keys, List<byte[]> bodies) {
        int size = HEAD + 8 * keys.size();
        for (int i = 0; i < keys.size(); i++) {
            size += keys.get(i).length + bodies.get(i).length;
        }
        byte[] to = head(UNDIVIDED, keys.size(), size);
        int at = put(to, HEAD, HEAD + 8 * keys.size(), keys);
        put(to, HEAD + 4 * keys.size(), at, bodies);
        return to;
    }

    private static byte[] head(int subtask, int count, int size) {
        byte[] to = new byte[size];
        putInt(to, 0, subtask);
        putInt(to, 4, count);
        return to;
    }

    private static int put(byte[] to, int lengthsAt, int at, List<byte[]> things) {
        for (int i = 0; i < things.size(); i++) {
            byte[] thing = things.get(i);
            putInt(to, lengthsAt + 4 * i, thing.length);
            System.arraycopy(thing, 0, to, at, thing.length);
            at += thing.length;
        }
        return at;
    }

    /** Make a batch of keys and bodies that lie in another array, with their lengths. */
    static byte[] of(byte[] from, int count, int keyLengthsAt, int bodyLengthsAt, int keysAt, int bodiesAt, int end) {
        int keys = HEAD + 8 * count;
        int bodies = keys + bodiesAt - keysAt;
        byte[] to = head(UNDIVIDED, count, bodies + end - bodiesAt);
        System.arraycopy(from, keyLengthsAt, to, HEAD, 4 * count);
        System.arraycopy(from, bodyLengthsAt, to, HEAD + 4 * count, 4 * count);
        System.arraycopy(from, keysAt, to, keys, bodiesAt - keysAt);
        System.arraycopy(from, bodiesAt, to, bodies, end - bodiesAt);
        return to;
    }

    String key(int message) {
        return new String(bytes, keyAt[message], keyAt[message + 1] - keyAt[message], StandardCharsets.UTF_8);
    }

    byte[] body(int message) {
        return Arrays.copyOfRange(bytes, bodyAt[message], bodyAt[message + 1]);
    }

    /** Return the messages whose numbers are the first {@code n} of {@code which}, for a subtask. */
    byte[] part(int subtask, int[] which, int n) {
        int size = HEAD + 8 * n;
        for (int i = 0; i < n; i++) {
            int message = which[i];
            size += keyAt[message + 1] - keyAt[message] + bodyAt[message + 1] - bodyAt[message];
        }
        byte[] to = head(subtask, n, size);
        int at = put(to, HEAD, HEAD + 8 * n, which, n, keyAt);
        put(to, HEAD + 4 * n, at, which, n, bodyAt);
        return to;
    }

    private int put(byte[] to, int lengthsAt, int at, int[] which, int n, int[] places) {
        for (int i = 0; i < n; i++) {
            int from = places[which[i]];
            int length = places[which[i] + 1] - from;
            putInt(to, lengthsAt + 4 * i, length);
            System.arraycopy(bytes, from, to, at, length);
            at += length;
        }
        return at;
    }
}
