"""The frames between Java and Python hold what was put into them; a worker stores what changed."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.flink_edge.wire import KafkaRecord, Output, pack_answer, read_call
from jobs.flink_edge.worker import StatesError, Worker, open_stage
from udfs.metrics import Counters

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
some_bytes = st.binary(max_size=20)
or_none = st.none() | some_bytes
messages = st.lists(st.tuples(texts, some_bytes), min_size=1, max_size=20)
outputs = st.lists(st.builds(Output, texts, or_none, some_bytes), max_size=20)


class Answer(NamedTuple):
    """What Java reads from an answer's frame."""

    outputs: list[Output]
    states: list[bytes | None]
    tallies: dict[str, int]


def call_frame(batch: Sequence[tuple[str, bytes]], states: dict[str, bytes | None]) -> bytes:
    """Return a call as the Java edge makes it: see Batch and Call in jobs/java/."""
    keys = [key.encode() for key, _ in batch]
    bodies = [body for _, body in batch]
    lengths = array("i", (0, len(batch), *map(len, keys), *map(len, bodies)))
    message_bytes = lengths.tobytes() + b"".join(keys) + b"".join(bodies)
    order = [key for key, _ in batch]
    firsts = [order.index(key) for key in states]
    sizes = [-1 if state is None else len(state) for state in states.values()]
    given = b"".join(state for state in states.values() if state is not None)
    head = struct.pack("<ii", len(message_bytes), len(states))
    return head + message_bytes + array("i", firsts + sizes).tobytes() + given


def read_answer(frame: bytes) -> Answer:
    """Read an answer as the Java edge does: see Call.Answer in jobs/java/."""
    n, k, t = struct.unpack_from("<iii", frame)
    lengths = list(struct.unpack_from(f"<{3 * n + k + 2 * t}i", frame, 12))
    counts = lengths[3 * n + k + t :]
    sizes = lengths[: 3 * n + k + t]
    at = 12 + 4 * len(lengths)
    places = list(accumulate((max(size, 0) for size in sizes), initial=at))
    parts = [
        None if size < 0 else frame[place : place + size]
        for place, size in zip(places[:-1], sizes, strict=True)
    ]
    assert places[-1] == len(frame)
    to = [(part or b"").decode() for part in parts[:n]]
    made = [Output(to[each], parts[n + each], parts[2 * n + each] or b"") for each in range(n)]
    paths = [(part or b"").decode() for part in parts[3 * n + k :]]
    return Answer(made, parts[3 * n : 3 * n + k], dict(zip(paths, counts, strict=True)))


@given(messages, st.data())
def test_a_call_has_the_messages_and_the_states_of_their_keys(
    batch: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    states = {key: data.draw(or_none) for key, _ in batch}
    call = read_call(call_frame(batch, states))
    assert call.bodies == [body for _, body in batch]
    assert call.states == states
    assert list(call.states) == list(states)


@given(outputs, st.lists(or_none, max_size=5), st.dictionaries(texts, st.integers(0, 2**31 - 1)))
def test_an_answer_has_outputs_states_and_tallies(
    given_outputs: list[Output], states: list[bytes | None], tallies: dict[str, int]
) -> None:
    answer = read_answer(pack_answer(given_outputs, states, tallies))
    assert answer == (given_outputs, states, tallies)


@given(
    st.builds(
        KafkaRecord,
        texts,
        st.integers(0, 2**31 - 1),
        st.integers(0, 2**63 - 1),
        st.integers(-(2**63), 2**63 - 1),
        or_none,
        or_none,
    )
)
def test_a_kafka_record_is_unpacked_as_it_was(record: KafkaRecord) -> None:
    assert KafkaRecord.unpack(record.pack()) == record


class Append:
    """Append each body to the state of its key, which is the body's first word."""

    name = "append"
    state = "words"

    def open(self, counters: Counters) -> None:
        """Count the opening."""
        self._counters = counters
        counters.add("opened")

    def process(self, bodies: Sequence[bytes], states: dict[str, bytes]) -> list[Output]:
        """Keep, append, drop or misplace, as the second word says."""
        for body in bodies:
            key, what = body.decode().split()
            self._counters.add("words", what)
            if what == "drop":
                del states[key]
            elif what == "stray":
                states["elsewhere"] = b""
            elif what != "keep":
                states[key] = states.get(key, b"") + what.encode()
        return [Output(body.decode(), None, b"") for body in bodies]


def answered(worker: Worker, words: Sequence[str], states: dict[str, bytes | None]) -> Answer:
    batch = [(word.split()[0], word.encode()) for word in words]
    return read_answer(worker.process(call_frame(batch, states)))


def test_a_worker_stores_what_changed_and_tells_what_it_counted() -> None:
    worker = open_stage(cloudpickle.dumps(Append()))
    assert read_answer(worker.opened()) == ([], [], {"cardwatch\nopened": 1})
    answer = answered(worker, ["a x", "b keep", "c y", "a z"], {"a": None, "b": b"b", "c": b"-"})
    assert answer.states == [b"xz", None, b"-y"]
    assert [output.to for output in answer.outputs] == ["a x", "b keep", "c y", "a z"]
    counted = {"x": 1, "keep": 1, "y": 1, "z": 1}
    assert answer.tallies == {f"cardwatch\nwords\n{word}": n for word, n in counted.items()}
    assert answered(worker, ["a keep"], {"a": b""}) == (
        [Output("a keep", None, b"")],
        [None],
        {"cardwatch\nwords\nkeep": 1},
    )


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("a drop", "The append dropped the state of 'a': keep it."),
        ("a stray", "The append set the state of 'elsewhere', but no message of the batch has"),
    ],
)
def test_states_that_cannot_be_stored_are_refused(word: str, says: str) -> None:
    worker = Worker(Append())
    with pytest.raises(StatesError, match=says):
        answered(worker, [word], {"a": b"1"})
