package io.cardwatch.edge;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.OperatorMetricGroup;

/**
 * The counters of a stage: those that Python told of, and how the edge itself fares.
 *
 * <p>Python's have the names and groups that PyFlink would give them. A counter is registered when it
 * first counts. Flink counts a batch as one record, so its own counters get the rest.
 */
final class StageMetrics {
    private static final String OWN = "cardwatch";
    private static final int[] BOUNDS = {1, 4, 16, 64, 256};

    private final MetricGroup root;
    private final Map<String, Counter> told = new HashMap<>();
    private final Counter recordsIn;
    private final Counter recordsOut;
    private final Counter records;
    private final Counter pythonUs;
    private final Counter javaUs;
    private final Counter[] sizes = new Counter[BOUNDS.length + 1];
    private long pythonNs;
    private long javaNs;

    StageMetrics(OperatorMetricGroup operator) {
        root = operator;
        recordsIn = operator.getIOMetricGroup().getNumRecordsInCounter();
        recordsOut = operator.getIOMetricGroup().getNumRecordsOutCounter();
        MetricGroup own = operator.addGroup(OWN);
        records = own.counter("records");
        pythonUs = own.counter("python_us");
        javaUs = own.counter("java_us");
        MetricGroup bySize = own.addGroup("batch_size");
        for (int i = 0; i < BOUNDS.length; i++) {
            sizes[i] = bySize.counter("le_" + BOUNDS[i]);
        }
        sizes[BOUNDS.length] = bySize.counter("over_" + BOUNDS[BOUNDS.length - 1]);
    }

    void took(int messages, long spentInPythonNs, long spentInJavaNs) {
        recordsIn.inc(messages - 1);
        records.inc(messages);
        int bucket = 0;
        while (bucket < BOUNDS.length && messages > BOUNDS[bucket]) {
            bucket++;
        }
        sizes[bucket].inc();
        pythonNs += spentInPythonNs;
        javaNs += spentInJavaNs;
        pythonUs.inc(pythonNs / 1000 - pythonUs.getCount());
        javaUs.inc(javaNs / 1000 - javaUs.getCount());
    }

    /** Count the messages of a batch that was handed on as one element. */
    void gave(int messages) {
        recordsOut.inc(messages - 1);
    }

    void tally(Call.Answer answer) {
        for (int tally = 0; tally < answer.tallies; tally++) {
            told.computeIfAbsent(answer.path(tally), this::register).inc(answer.count(tally));
        }
    }

    private Counter register(String path) {
        String[] names = path.split("\n");
        MetricGroup group = root;
        for (int i = 0; i < names.length - 1; i++) {
            group = group.addGroup(names[i]);
        }
        return group.counter(names[names.length - 1]);
    }
}
