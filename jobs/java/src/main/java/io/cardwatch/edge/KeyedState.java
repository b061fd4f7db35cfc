package io.cardwatch.edge;

import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;

/**
 * What a stage keeps of each key: a value, and numbered pages where the stage has long states in parts.
 *
 * <p>Names and types are those of jobs/flink_edge/state.py, so that a savepoint fits both engines.
 */
public final class KeyedState implements Serializable {
    private static final long serialVersionUID = 1;
    private static final TypeInformation<byte[]> BYTES = PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
    private static final String PAGES = "-pages";

    private final String name;
    private final long ttlMs;
    private final long pagesTtlMs;

    KeyedState(String name, long ttlMs, long pagesTtlMs) {
        this.name = name;
        this.ttlMs = ttlMs;
        this.pagesTtlMs = pagesTtlMs;
    }

    ValueState<byte[]> value(RuntimeContext context) {
        return context.getState(expiring(new ValueStateDescriptor<>(name, BYTES), ttlMs));
    }

    /** Return the pages, null for a stage without. */
    MapState<Long, byte[]> pages(RuntimeContext context) {
        if (pagesTtlMs == 0) {
            return null;
        }
        return context.getMapState(expiring(new MapStateDescriptor<>(name + PAGES, Types.LONG, BYTES), pagesTtlMs));
    }

    private static <D extends StateDescriptor<?, ?>> D expiring(D descriptor, long ttlMs) {
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofMillis(ttlMs))
                .disableCleanupInBackground()
                .cleanupIncrementally(1, false)
                .cleanupInRocksdbCompactFilter(1000, Duration.ofDays(30))
                .build());
        return descriptor;
    }
}
