"""The contract of a stage, and the frames that cross between Java and Python.

Nothing here imports Flink. A frame is one `bytes` each way for a whole batch: lengths first, as
little-endian int32, then the bytes themselves. jobs/java/ has the other half: `Records` for the
body of a Kafka record, `Call` for both frames.
"""

import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

import msgspec

from udfs.metrics import Counters


class Output(msgspec.Struct, frozen=True, gc=False):
    """One message that a stage gives.

    Attributes:
        to: Key of the next stage, or name of the topic.
        key: Key of the record for Kafka, None for a record without; None towards a stage.
        value: Body of the next stage's message, or value of the record.
    """

    to: str
    key: bytes | None
    value: bytes


class Stage(Protocol):
    """A keyed stage of the job: batches of bodies and states in, outputs and next states out.

    Stages are pickled where the job is submitted and opened on a TaskManager.
    """

    @property
    def name(self) -> str:
        """Name of the operator."""

    @property
    def state(self) -> str:
        """Name of the keyed state."""

    def open(self, counters: Counters) -> None:
        """Prepare on the TaskManager, before the first batch."""

    def process(self, bodies: Sequence[bytes], states: dict[str, bytes]) -> list[Output]:
        """Take in one batch and return what it gives, in order.

        Args:
            bodies: The messages of the batch, in the order of their arrival.
            states: The state of each key that has one; changed in place.
        """


class KafkaRecord(NamedTuple):
    """A Kafka record as it was read: the body of a message to the first stage."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None

    def pack(self) -> bytes:
        """Return the record as the source packs it."""
        topic = self.topic.encode()
        return b"".join(
            (
                _RECORD.pack(
                    self.time_ms,
                    self.offset,
                    self.partition,
                    len(topic),
                    _length(self.key),
                    _length(self.value),
                ),
                topic,
                self.key or b"",
                self.value or b"",
            )
        )

    @classmethod
    def unpack(cls, body: bytes) -> "KafkaRecord":
        """Return the record of a packed body.

        >>> record = KafkaRecord("labels", 3, 17, 1_700_000_000_000, None, b"{}")
        >>> KafkaRecord.unpack(record.pack()) == record
        True
        """
        time_ms, offset, partition, topic, key, value = _RECORD.unpack_from(body)
        key_at = _RECORD.size + topic
        value_at = key_at + key if key > 0 else key_at
        return cls(
            str(body[_RECORD.size : key_at], "utf-8"),
            partition,
            offset,
            time_ms,
            None if key < 0 else body[key_at:value_at],
            None if value < 0 else body[value_at:],
        )


class Call(NamedTuple):
    """One batch as Java hands it over.

    Attributes:
        bodies: The messages, in the order of their arrival.
        states: The packed state of each key of the batch, None for a key without.
    """

    bodies: list[bytes]
    states: dict[str, bytes | None]


_RECORD: Final = struct.Struct("<qqiiii")
RECORD_HEAD: Final = _RECORD.size
"""Bytes of a packed record before its topic."""
_CALL_HEAD: Final = 8
_BATCH_HEAD: Final = 8
_INT: Final = 4


def read_call(frame: bytes) -> Call:
    """Return the batch of a frame that Java made."""
    batch_size, keys = _integers(frame, 0, 2)
    _, n = _integers(frame, _CALL_HEAD, 2)
    lengths_at = _CALL_HEAD + _BATCH_HEAD
    at = lengths_at + 2 * _INT * n
    key_ends = list(accumulate(_integers(frame, lengths_at, n), initial=at))
    bodies = _slices(frame, key_ends[-1], _integers(frame, lengths_at + _INT * n, n))

    first_at = _CALL_HEAD + batch_size
    firsts = _integers(frame, first_at, keys)
    sizes = _integers(frame, first_at + _INT * keys, keys)
    at = first_at + 2 * _INT * keys
    states: dict[str, bytes | None] = {}
    for first, size in zip(firsts, sizes, strict=True):
        key = str(frame[key_ends[first] : key_ends[first + 1]], "utf-8")
        if size < 0:
            states[key] = None
        else:
            states[key] = frame[at : at + size]
            at += size
    return Call(bodies, states)


def pack_answer(
    outputs: Sequence[Output], changed: Iterable[bytes | None], tallies: Mapping[str, int]
) -> bytes:
    """Return the frame that answers a call.

    Args:
        outputs: What the stage gave.
        changed: The next state of each key in the order of the call, None for an unchanged one.
        tallies: What the stage counted, by the path of the counter.
    """
    places = [output.to.encode() for output in outputs]
    keys = [output.key for output in outputs]
    values = [output.value for output in outputs]
    states = list(changed)
    paths = [path.encode() for path in tallies]
    lengths = array("i", (len(outputs), len(states), len(paths)))
    lengths.extend(map(len, places))
    lengths.extend(map(_length, keys))
    lengths.extend(map(len, values))
    lengths.extend(map(_length, states))
    lengths.extend(map(len, paths))
    lengths.extend(tallies.values())
    given = (_present(keys), values, _present(states), paths)
    return b"".join((lengths.tobytes(), *places, *(each for part in given for each in part)))


def _present(things: Iterable[bytes | None]) -> Iterator[bytes]:
    return (thing for thing in things if thing is not None)


def _length(thing: bytes | None) -> int:
    return -1 if thing is None else len(thing)


def _integers(frame: bytes, at: int, count: int) -> list[int]:
    return memoryview(frame)[at : at + _INT * count].cast("i").tolist()


def _slices(frame: bytes, at: int, lengths: Iterable[int]) -> list[bytes]:
    found = []
    for length in lengths:
        found.append(frame[at : at + length])
        at += length
    return found
