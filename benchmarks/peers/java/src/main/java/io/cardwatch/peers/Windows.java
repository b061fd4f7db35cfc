package io.cardwatch.peers;

import java.nio.ByteBuffer;

/**
 * The history of an entity as packed bytes, and count, sum, mean, deviation and maximum of its
 * amounts in five exact windows, (t - w, t]: the job's windows, without its other features.
 *
 * <p>State: the sequence number, then an event of 24 bytes for each payment of the last 30 days:
 * time, amount, hash of the transaction id. A card with 60 payments takes 1,448 bytes, as in the
 * job (docs/performance.md).
 */
final class Windows {
    static final int FEATURES = 25;

    private static final int HEAD = 8;
    private static final int EVENT = 24;
    private static final long MINUTE = 60_000L;
    private static final long DAY = 24 * 60 * MINUTE;
    private static final long[] WIDTHS = {10 * MINUTE, 60 * MINUTE, DAY, 7 * DAY, 30 * DAY};

    private Windows() {}

    /** The number of payments that a state has seen. */
    static long sequence(byte[] state) {
        return state == null ? 0 : ByteBuffer.wrap(state).getLong(0);
    }

    /** Whether a state knows a payment by the hash of its id. */
    static boolean knows(byte[] state, long id) {
        if (state == null) {
            return false;
        }
        ByteBuffer events = ByteBuffer.wrap(state);
        for (int at = HEAD; at < state.length; at += EVENT) {
            if (events.getLong(at + 16) == id) {
                return true;
            }
        }
        return false;
    }

    /** The next state; fills {@code features} with five figures for each window. */
    static byte[] advance(byte[] state, long timeMs, long amount, long id, float[] features) {
        byte[] before = state == null ? new byte[HEAD] : state;
        ByteBuffer old = ByteBuffer.wrap(before);
        int first = HEAD;
        while (first < before.length && old.getLong(first) <= timeMs - 30 * DAY) {
            first += EVENT;
        }
        ByteBuffer next = ByteBuffer.allocate(HEAD + before.length - first + EVENT);
        next.putLong(sequence(state) + 1).put(before, first, before.length - first);
        next.putLong(timeMs).putLong(amount).putLong(id);
        measure(next, timeMs, features);
        return next.array();
    }

    private static void measure(ByteBuffer state, long nowMs, float[] features) {
        for (int window = 0; window < WIDTHS.length; window++) {
            long from = nowMs - WIDTHS[window];
            long count = 0;
            long sum = 0;
            long most = 0;
            double squares = 0;
            for (int at = state.capacity() - EVENT; at >= HEAD; at -= EVENT) {
                long time = state.getLong(at);
                if (time <= from) {
                    break;
                }
                long amount = state.getLong(at + 8);
                count++;
                sum += amount;
                squares += (double) amount * amount;
                most = Math.max(most, amount);
            }
            double mean = (double) sum / count;
            int place = window * 5;
            features[place] = count;
            features[place + 1] = sum / 100f;
            features[place + 2] = (float) (mean / 100);
            features[place + 3] = (float) (Math.sqrt(Math.max(0, squares / count - mean * mean)) / 100);
            features[place + 4] = most / 100f;
        }
    }
}
