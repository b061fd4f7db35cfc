"""A batch of packed Kafka records as columns, without an object for each record."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from features.kernels.batch import Words
from features.kernels.compiled import entry_point
from features.kernels.slices import Slices
from features.plain.payments import Records
from jobs.flink_edge.wire import RECORD_HEAD

Octets = npt.NDArray[np.uint8]

_TIME, _OFFSET, _PARTITION, _KEY_AT, _KEY_SIZE, _VALUE_AT, _VALUE_SIZE = range(7)
_COLUMNS: Final = 7


class PackedRecords:
    """Columns of n packed Kafka records.

    Attributes:
        memory: What the records lie in.
        time_ms: Kafka times, int64[n].
        partitions: int64[n].
        offsets: int64[n].
    """

    def __init__(self, bodies: Sequence[bytes], topic: str) -> None:
        """Take the bodies that the source packed; those of other topics have no value."""
        slices = Slices.of(bodies)
        self.memory = slices.memory
        octets = np.frombuffer(self.memory, np.uint8)
        self._columns = _columns(octets, slices.stops, np.frombuffer(topic.encode(), np.uint8))
        self.time_ms = self._columns[_TIME]
        self.offsets = self._columns[_OFFSET]
        self.partitions = self._columns[_PARTITION]

    @property
    def payments(self) -> Records:
        """The records as the reader of plain payments is given them."""
        columns = self._columns
        return Records(
            self.memory,
            columns[_TIME],
            columns[_KEY_AT],
            columns[_KEY_SIZE],
            columns[_VALUE_AT],
            columns[_VALUE_SIZE],
        )


def _build(head: int) -> Callable[[Octets, Words, Octets], Words]:
    """Return the compiled part, which closes over the size of a head as a constant."""

    @entry_point
    def columns(octets: Octets, stops: Words, topic: Octets) -> Words:
        """Return the columns of records, int64[7, n]; see `KafkaRecord.pack` and `Slices`."""
        found = np.empty((_COLUMNS, len(stops) - 1), np.int64)
        for record in range(len(stops) - 1):
            start = stops[record]
            numbers = octets[start : start + head].copy()
            longs, ints = numbers.view(np.int64), numbers.view(np.int32)
            topic_size, key_size, value_size = ints[5], ints[6], ints[7]
            key_at = start + head + topic_size
            same = topic_size == len(topic)
            for place in range(len(topic)):
                same = same and octets[start + head + place] == topic[place]
            found[_TIME, record] = longs[0]
            found[_OFFSET, record] = longs[1]
            found[_PARTITION, record] = ints[4]
            found[_KEY_AT, record] = key_at
            found[_KEY_SIZE, record] = key_size
            found[_VALUE_AT, record] = key_at + max(key_size, 0)
            found[_VALUE_SIZE, record] = value_size if same else -1
        return found

    return columns


_columns: Final = _build(RECORD_HEAD)
