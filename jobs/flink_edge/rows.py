"""The shapes of rows between operators, and keying them without a Python operator.

PyFlink's own `key_by` puts a Python operator in front of the keyed one, which adds a crossing
into the interpreter for every record: it more than halves the job's speed (docs/performance.md).
Here each stage hands on a row (key, value) whose first field is the next key, and the key is
read from it in Java, with the selector that PyFlink itself uses behind its operator.
"""

from pyflink.common import Types
from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream.data_stream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())

RECORD = Types.ROW_NAMED(
    ["topic", "partition", "offset", "time_ms", "key", "value"],
    [Types.STRING(), Types.INT(), Types.LONG(), Types.LONG(), BYTES, BYTES],
)
"""A Kafka record as it was read."""

INCOMING = Types.ROW_NAMED(["card", "record"], [Types.STRING(), RECORD])
"""A Kafka record under its key."""

HAND_OVER = Types.ROW_NAMED(["merchant", "body"], [Types.STRING(), BYTES])
"""What the card stage hands the merchant stage: see scoring.messages."""

OUTGOING = Types.ROW_NAMED(["topic", "key", "value"], [Types.STRING(), BYTES, BYTES])
"""A Kafka record to write."""


def key_in_java(stream: DataStream, row: RowTypeInfo, *, stays: bool = False) -> KeyedStream:
    """Key a stream of rows (key, value) by the first field; operators get the value.

    With `stays` each row is in the subtask of its key already, so that it needs no exchange and
    the operator can be chained to what is in front of it: see ADR 0020.
    """
    key, value = row.get_field_types()
    j_stream = stream._j_data_stream
    j_stream.getTransformation().setOutputType(row.get_java_type_info())
    jvm = get_gateway().jvm
    selector, key_type = jvm.KeyByKeySelector(), Types.ROW([key]).get_java_type_info()
    if stays:
        utils = jvm.org.apache.flink.streaming.api.datastream.DataStreamUtils
        j_keyed = utils.reinterpretAsKeyedStream(j_stream, selector, key_type)
    else:
        j_keyed = j_stream.keyBy(selector, key_type)
    return KeyedStream(j_keyed, value, stream)
