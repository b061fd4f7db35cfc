package io.cardwatch.edge;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;

/**
 * One call into Python: a batch and the states of its keys, in one array.
 *
 * <p>Little-endian int32: the length of the batch, the number of keys k; then the batch, k numbers of
 * the first message of each key, k lengths of states (-1 for a key without), and the states.
 */
final class Call {
    private static final int HEAD = 8;

    final List<String> keys = new ArrayList<>();
    private final byte[] batch;
    private final int[] first;

    Call(byte[] bytes) {
        batch = bytes;
        Batch read = new Batch(bytes);
        first = new int[read.count];
        HashMap<String, Boolean> known = new HashMap<>();
        for (int message = 0; message < read.count; message++) {
            String key = read.key(message);
            if (known.put(key, true) == null) {
                first[keys.size()] = message;
                keys.add(key);
            }
        }
    }

    /** Return the frame with the keys' states, null for none, in the order of the keys. */
    byte[] frame(byte[][] states) {
        int count = keys.size();
        int firstAt = HEAD + batch.length;
        int at = firstAt + 8 * count;
        int size = at;
        for (byte[] state : states) {
            size += state == null ? 0 : state.length;
        }
        byte[] frame = new byte[size];
        Batch.putInt(frame, 0, batch.length);
        Batch.putInt(frame, 4, count);
        System.arraycopy(batch, 0, frame, HEAD, batch.length);
        for (int key = 0; key < count; key++) {
            byte[] state = states[key];
            Batch.putInt(frame, firstAt + 4 * key, first[key]);
            Batch.putInt(frame, firstAt + 4 * (count + key), state == null ? -1 : state.length);
            if (state != null) {
                System.arraycopy(state, 0, frame, at, state.length);
                at += state.length;
            }
        }
        return frame;
    }

    /**
     * Pages of states that Python needs before it answers.
     *
     * <p>Little-endian int32: -1, the number of pages p, p places of their keys in the call, p numbers.
     * They are answered by p lengths (-1 for a page that is not there), and the pages.
     */
    static final class Request {
        private static final int MARK = -1;

        final int count;
        private final byte[] bytes;

        Request(byte[] bytes) {
            this.bytes = bytes;
            count = Batch.getInt(bytes, 4);
        }

        static boolean is(byte[] answered) {
            return Batch.getInt(answered, 0) == MARK;
        }

        int key(int page) {
            return Batch.getInt(bytes, HEAD + 4 * page);
        }

        long number(int page) {
            return Batch.getInt(bytes, HEAD + 4 * (count + page));
        }

        byte[] frame(byte[][] pages) {
            int at = 4 * pages.length;
            int size = at;
            for (byte[] page : pages) {
                size += page == null ? 0 : page.length;
            }
            byte[] frame = new byte[size];
            for (int page = 0; page < pages.length; page++) {
                byte[] content = pages[page];
                Batch.putInt(frame, 4 * page, content == null ? -1 : content.length);
                if (content != null) {
                    System.arraycopy(content, 0, frame, at, content.length);
                    at += content.length;
                }
            }
            return frame;
        }
    }

    /**
     * What Python answered.
     *
     * <p>Little-endian int32: the numbers of outputs n, keys k, tallies t and changed pages p; n lengths
     * each of the outputs' places, keys (-1 for none) and values, k lengths of next values of states (-1
     * for unchanged), t lengths of the tallies' paths and t counts, p places of the pages' keys in the
     * call, p numbers and p lengths (-1 to delete); then places, keys, values, states, paths and pages.
     */
    static final class Answer {
        final int outputs;
        final int tallies;
        final int pages;
        private final byte[] bytes;
        private final int keyLengths;
        private final int stateLengths;
        private final int counts;
        private final int pageKeys;
        private final int[] toAt;
        private final int[] keyAt;
        private final int[] valueAt;
        private final int[] stateAt;
        private final int[] pathAt;
        private final int[] pageAt;

        Answer(byte[] bytes) {
            this.bytes = bytes;
            outputs = Batch.getInt(bytes, 0);
            int keys = Batch.getInt(bytes, 4);
            tallies = Batch.getInt(bytes, 8);
            pages = Batch.getInt(bytes, 12);
            keyLengths = TO_LENGTHS + 4 * outputs;
            int valueLengths = keyLengths + 4 * outputs;
            stateLengths = valueLengths + 4 * outputs;
            int pathLengths = stateLengths + 4 * keys;
            counts = pathLengths + 4 * tallies;
            pageKeys = counts + 4 * tallies;
            toAt = Batch.places(bytes, TO_LENGTHS, outputs, pageKeys + 12 * pages);
            keyAt = Batch.places(bytes, keyLengths, outputs, toAt[outputs]);
            valueAt = Batch.places(bytes, valueLengths, outputs, keyAt[outputs]);
            stateAt = Batch.places(bytes, stateLengths, keys, valueAt[outputs]);
            pathAt = Batch.places(bytes, pathLengths, tallies, stateAt[keys]);
            pageAt = Batch.places(bytes, pageKeys + 8 * pages, pages, pathAt[tallies]);
        }

        private static final int TO_LENGTHS = 16;

        /** Return the outputs as a batch of the next stage. */
        byte[] batch() {
            return Batch.of(bytes, outputs, TO_LENGTHS, keyLengths + 4 * outputs, toAt[0], valueAt[0], valueAt[outputs]);
        }

        /** Return an output as a record for Kafka. */
        KafkaOutput record(int output) {
            boolean keyless = Batch.getInt(bytes, keyLengths + 4 * output) < 0;
            return new KafkaOutput(
                    text(toAt, output), keyless ? null : slice(keyAt, output), slice(valueAt, output));
        }

        /** Return the next state of a key, null where it stays as it is. */
        byte[] state(int key) {
            return Batch.getInt(bytes, stateLengths + 4 * key) < 0 ? null : slice(stateAt, key);
        }

        int pageKey(int page) {
            return Batch.getInt(bytes, pageKeys + 4 * page);
        }

        long pageNumber(int page) {
            return Batch.getInt(bytes, pageKeys + 4 * (pages + page));
        }

        /** Return the content of a changed page, null for one to delete. */
        byte[] page(int page) {
            return Batch.getInt(bytes, pageKeys + 4 * (2 * pages + page)) < 0 ? null : slice(pageAt, page);
        }

        /** Return the names of the groups around a counter and its own, outermost first. */
        String path(int tally) {
            return text(pathAt, tally);
        }

        int count(int tally) {
            return Batch.getInt(bytes, counts + 4 * tally);
        }

        private String text(int[] places, int which) {
            return new String(bytes, places[which], places[which + 1] - places[which], StandardCharsets.UTF_8);
        }

        private byte[] slice(int[] places, int which) {
            return Arrays.copyOfRange(bytes, places[which], places[which + 1]);
        }
    }
}
