package io.cardwatch.edge;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.types.Row;

/**
 * The keys of keyed state: a row of one string, which is what PyFlink keys by.
 *
 * <p>The state's serializer and the key groups depend on it, so that a savepoint fits PyFlink's keyed
 * operators in both directions.
 */
final class Keys {
    static final TypeInformation<Row> TYPE = Types.ROW(Types.STRING);

    private Keys() {}

    static Row row(String key) {
        return Row.of(key);
    }

    /** Flink wants a selector of keyed operators; a batch has many keys, which the stage sets itself. */
    static final class Unused implements KeySelector<byte[], Row> {
        private static final long serialVersionUID = 1;

        @Override
        public Row getKey(byte[] batch) {
            throw new UnsupportedOperationException("a batch has no key of its own");
        }
    }
}
