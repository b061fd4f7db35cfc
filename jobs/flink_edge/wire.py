"""The contract of a stage, and the frames that cross between Java and Python.

Nothing here imports Flink. A frame is one `bytes` each way for a whole batch: lengths first, as
little-endian int32, then the bytes themselves. A call can be answered by a request for pages of
states; the answer then comes when the pages have. jobs/java/ has the other half: `Records` for the
body of a Kafka record, `Call` for the frames.
"""

import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

import numpy as np

from features.kernels.slices import Slices, stops_of
from features.parts import Page, Parts
from jobs.flink_edge.outputs import Output, Outputs
from udfs.metrics import Counters


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

    @property
    def parts(self) -> Parts | None:
        """Keeper of long states in parts; None where each state is one value."""

    def open(self, counters: Counters) -> None:
        """Prepare on the TaskManager, before the first batch."""

    def process(self, bodies: Sequence[bytes], states: dict[str, bytes]) -> Sequence[Output]:
        """Take in one batch and return what it gives, in order.

        Args:
            bodies: The messages of the batch, in the order of their arrival.
            states: The whole state of each key that has one; changed in place.
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
        values: The value of each key of the batch, None for a key without.
    """

    bodies: Sequence[bytes]
    values: dict[str, bytes | None]


class ChangedPage(NamedTuple):
    """A page to write, or to delete where it has no content; `key` is its place in the call."""

    key: int
    number: int
    content: bytes | None


_RECORD: Final = struct.Struct("<qqiiii")
RECORD_HEAD: Final = _RECORD.size
"""Bytes of a packed record before its topic."""
_CALL_HEAD: Final = 8
_BATCH_HEAD: Final = 8
_INT: Final = 4
_MANY: Final = 6
_REQUEST: Final = -1
"""First number of a request, where an answer has how many outputs there are."""


def read_call(frame: bytes) -> Call:
    """Return the batch of a frame that Java made."""
    batch_size, keys = _integers(frame, 0, 2)
    _, n = _integers(frame, _CALL_HEAD, 2)
    lengths_at = _CALL_HEAD + _BATCH_HEAD
    at = lengths_at + 2 * _INT * n
    key_ends = list(accumulate(_integers(frame, lengths_at, n), initial=at))
    bodies = _bodies(frame, key_ends[-1], lengths_at + _INT * n, n)

    first_at = _CALL_HEAD + batch_size
    firsts = _integers(frame, first_at, keys)
    sizes = _integers(frame, first_at + _INT * keys, keys)
    at = first_at + 2 * _INT * keys
    values: dict[str, bytes | None] = {}
    for first, size in zip(firsts, sizes, strict=True):
        key = str(frame[key_ends[first] : key_ends[first + 1]], "utf-8")
        if size < 0:
            values[key] = None
        else:
            values[key] = frame[at : at + size]
            at += size
    return Call(bodies, values)


def pack_request(keys: Iterable[str], wanted: Sequence[Page]) -> bytes:
    """Return the frame that asks for pages before a call is answered.

    `keys` are those of the call, in its order.
    """
    numbers = {key: place for place, key in enumerate(keys)}
    places = (numbers[key] for key, _ in wanted)
    return array("i", (_REQUEST, len(wanted), *places, *(page for _, page in wanted))).tobytes()


def read_pages(frame: bytes, wanted: Sequence[Page]) -> dict[Page, bytes]:
    """Return the pages that Java found for a request."""
    lengths = _integers(frame, 0, len(wanted))
    at = _INT * len(wanted)
    found = {}
    for page, length in zip(wanted, lengths, strict=True):
        if length >= 0:
            found[page] = frame[at : at + length]
            at += length
    return found


def pack_answer(
    outputs: Sequence[Output],
    changed: Iterable[bytes | None],
    tallies: Mapping[str, int],
    pages: Sequence[ChangedPage] = (),
) -> bytes:
    """Return the frame that answers a call.

    Args:
        outputs: What the stage gave.
        changed: The next value of each key in the order of the call, None for an unchanged one.
        tallies: What the stage counted, by the path of the counter.
        pages: The pages that change, those of a key together.
    """
    lengths, parts = Outputs.of(outputs).packed()
    states = [*changed]
    paths = [path.encode() for path in tallies]
    numbers = [len(outputs), len(states), len(paths), len(pages), *lengths]
    numbers += map(_length, states)
    numbers += map(len, paths)
    numbers += tallies.values()
    parts += [state for state in states if state is not None]
    parts += paths
    if pages:
        numbers += [page.key for page in pages]
        numbers += [page.number for page in pages]
        numbers += [_length(page.content) for page in pages]
        parts += [page.content for page in pages if page.content is not None]
    return array("i", numbers).tobytes() + b"".join(parts)


def _length(thing: bytes | None) -> int:
    return -1 if thing is None else len(thing)


def _integers(frame: bytes, at: int, count: int) -> list[int]:
    return memoryview(frame)[at : at + _INT * count].cast("i").tolist()


def _bodies(frame: bytes, at: int, lengths_at: int, n: int) -> Sequence[bytes]:
    """Return messages that lie behind each other; a few are objects, which is cheaper for these."""
    if n >= _MANY:
        return Slices(frame, stops_of(np.frombuffer(frame, np.int32, n, lengths_at), at))
    found = []
    for length in _integers(frame, lengths_at, n):
        found.append(frame[at : at + length])
        at += length
    return found
