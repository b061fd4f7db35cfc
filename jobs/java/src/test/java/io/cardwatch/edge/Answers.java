package io.cardwatch.edge;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Answers as jobs/flink_edge/wire.py packs them. */
final class Answers {
    private Answers() {}

    /** A page to write, or to delete where it has no content. */
    record Page(int key, int number, byte[] content) {}

    static byte[] of(List<KafkaOutput> outputs, byte[][] states, Map<String, Integer> tallies, Page... pages) {
        List<Integer> numbers =
                new ArrayList<>(List.of(outputs.size(), states.length, tallies.size(), pages.length));
        ByteArrayOutputStream things = new ByteArrayOutputStream();
        outputs.forEach(each -> add(numbers, things, each.topic.getBytes(StandardCharsets.UTF_8)));
        outputs.forEach(each -> add(numbers, things, each.key));
        outputs.forEach(each -> add(numbers, things, each.value));
        for (byte[] state : states) {
            add(numbers, things, state);
        }
        tallies.keySet().forEach(each -> add(numbers, things, each.getBytes(StandardCharsets.UTF_8)));
        numbers.addAll(tallies.values());
        for (Page page : pages) {
            numbers.add(page.key);
        }
        for (Page page : pages) {
            numbers.add(page.number);
        }
        for (Page page : pages) {
            add(numbers, things, page.content);
        }
        byte[] answer = new byte[4 * numbers.size() + things.size()];
        for (int i = 0; i < numbers.size(); i++) {
            Batch.putInt(answer, 4 * i, numbers.get(i));
        }
        System.arraycopy(things.toByteArray(), 0, answer, 4 * numbers.size(), things.size());
        return answer;
    }

    private static void add(List<Integer> numbers, ByteArrayOutputStream things, byte[] thing) {
        numbers.add(thing == null ? -1 : thing.length);
        things.writeBytes(thing == null ? new byte[0] : thing);
    }
}
