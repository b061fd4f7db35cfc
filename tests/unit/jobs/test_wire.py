"""The frames between Java and Python hold what was put into them; a worker stores what changed."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.kernels.slices import Slices, joined, stops_of
from features.parts import Changes, Page, Parts
from jobs.flink_edge.outputs import Output, Outputs
from jobs.flink_edge.wire import ChangedPage, KafkaRecord, pack_answer, read_call
from jobs.flink_edge.worker import StatesError, Worker, open_stage
from udfs.metrics import Counters

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
some_bytes = st.binary(max_size=20)
or_none = st.none() | some_bytes
messages = st.lists(st.tuples(texts, some_bytes), min_size=1, max_size=20)
numbers = st.integers(0, 2**31 - 1)
outputs = st.lists(st.builds(Output, texts, or_none, some_bytes), max_size=20)


class Answer(NamedTuple):
    """What Java reads from an answer's frame."""

    outputs: list[Output]
    states: list[bytes | None]
    tallies: dict[str, int]
    pages: list[ChangedPage]


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
    n, k, t, p = struct.unpack_from("<4i", frame)
    numbers = list(struct.unpack_from(f"<{3 * n + k + 2 * t + 3 * p}i", frame, 16))
    things, counted = 3 * n + k + t, 3 * n + k + 2 * t
    counts = numbers[things:counted]
    keys, pages = numbers[counted : counted + p], numbers[counted + p : counted + 2 * p]
    sizes = numbers[:things] + numbers[counted + 2 * p :]
    at = 16 + 4 * len(numbers)
    places = list(accumulate((max(size, 0) for size in sizes), initial=at))
    parts = [
        None if size < 0 else frame[place : place + size]
        for place, size in zip(places[:-1], sizes, strict=True)
    ]
    assert places[-1] == len(frame)
    to = [(part or b"").decode() for part in parts[:n]]
    made = [Output(to[each], parts[n + each], parts[2 * n + each] or b"") for each in range(n)]
    paths = [(part or b"").decode() for part in parts[3 * n + k : things]]
    changed = [*map(ChangedPage, keys, pages, parts[things:])]
    return Answer(made, parts[3 * n : 3 * n + k], dict(zip(paths, counts, strict=True)), changed)


@given(messages, st.data())
def test_a_call_has_the_messages_and_the_states_of_their_keys(
    batch: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    states = {key: data.draw(or_none) for key, _ in batch}
    call = read_call(call_frame(batch, states))
    assert [*call.bodies] == [body for _, body in batch]
    assert call.values == states
    assert list(call.values) == list(states)


@given(
    outputs,
    st.lists(or_none, max_size=5),
    st.dictionaries(texts, numbers),
    st.lists(st.builds(ChangedPage, numbers, numbers, or_none), max_size=5),
)
def test_an_answer_has_outputs_states_tallies_and_pages(
    given_outputs: list[Output],
    states: list[bytes | None],
    tallies: dict[str, int],
    pages: list[ChangedPage],
) -> None:
    answer = read_answer(pack_answer(given_outputs, states, tallies, pages))
    assert answer == (given_outputs, states, tallies, pages)


@given(outputs, outputs)
def test_an_answer_has_the_outputs_in_columns_before_the_others(
    first: list[Output], others: list[Output]
) -> None:
    values = Slices.of([one.value for one in first])
    columns = Outputs(
        [one.to.encode() for one in first], [one.key for one in first], values, others
    )
    assert read_answer(pack_answer(columns, (), {})).outputs == first + others
    assert [*columns] == first + others
    assert len(columns) == len(first) + len(others)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="columns of 1, 0 and 0 outputs"):
        Outputs([b"topic"])


@given(st.lists(some_bytes, max_size=9), some_bytes, some_bytes)
def test_slices_are_what_they_were_made_of(
    pieces: list[bytes], before: bytes, behind: bytes
) -> None:
    stops = stops_of([*map(len, pieces)], len(before))
    slices = Slices(before + b"".join(pieces) + behind, stops)
    assert [*slices] == [slices[place] for place in range(len(slices))] == pieces
    assert slices[:2] == pieces[:2] and slices[-1:] == pieces[-1:]
    assert joined(slices) == joined(pieces) == b"".join(pieces)
    with pytest.raises(IndexError):
        slices[len(pieces)]


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
    parts: Parts | None = None

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
    assert read_answer(worker.opened()) == ([], [], {"cardwatch\nopened": 1}, [])
    answer = answered(worker, ["a x", "b keep", "c y", "a z"], {"a": None, "b": b"b", "c": b"-"})
    assert answer.states == [b"xz", None, b"-y"]
    assert [output.to for output in answer.outputs] == ["a x", "b keep", "c y", "a z"]
    counted = {"x": 1, "keep": 1, "y": 1, "z": 1}
    assert answer.tallies == {f"cardwatch\nwords\n{word}": n for word, n in counted.items()}
    assert answered(worker, ["a keep"], {"a": b""}) == (
        [Output("a keep", None, b"")],
        [None],
        {"cardwatch\nwords\nkeep": 1},
        [],
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


class Letters:
    """Keeps a word as its number of letters, and each letter as a page."""

    def __init__(self, held: str = "") -> None:
        self._held = held

    def wanted(self, values: Mapping[str, bytes]) -> list[Page]:
        """Return the letters of all words, the last word's first."""
        keys = [key for key in reversed([*values]) if key not in self._held]
        return [(key, n) for key in keys for n in range(int(values[key]))]

    def join(self, values: Mapping[str, bytes], pages: Mapping[Page, bytes]) -> dict[str, bytes]:
        """Return the words; a missing letter is a dash, and what is held is not told."""
        return {
            key: b"".join(pages.get((key, n), b"-") for n in range(int(value)))
            for key, value in values.items()
        }

    def split(self, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Changes:
        """Return the letters that are new; the first letter of a changed word is deleted."""
        changes = Changes({}, {})
        for key, word in after.items():
            known = before.get(key, b"")
            if word is not known:
                changes.values[key] = str(len(word)).encode()
                changes.pages[key, 0] = None
                for n in range(len(known), len(word)):
                    changes.pages[key, n] = word[n : n + 1]
        return changes


def in_letters(held: str = "") -> Worker:
    stage = Append()
    stage.parts = Letters(held)
    return open_stage(cloudpickle.dumps(stage))


def test_a_worker_asks_for_the_pages_that_it_lacks_and_answers_when_they_come() -> None:
    worker = in_letters(held="c")
    values: dict[str, bytes | None] = {"a": b"2", "b": None, "c": b"3", "d": b"1"}
    batch = [("a", b"a x"), ("b", b"b yz"), ("c", b"c keep"), ("d", b"d keep")]
    request = worker.process(call_frame(batch, values))
    assert struct.unpack(f"<{len(request) // 4}i", request) == (-1, 3, 3, 0, 0, 0, 0, 1)
    answer = read_answer(worker.resume(array("i", [1, 1, -1]).tobytes() + b"do"))
    assert answer.states == [b"3", b"2", None, None]
    assert answer.pages == [
        ChangedPage(0, 0, None),
        ChangedPage(0, 2, b"x"),
        ChangedPage(1, 0, b"y"),
        ChangedPage(1, 1, b"z"),
    ]
    assert [output.to for output in answer.outputs] == ["a x", "b yz", "c keep", "d keep"]


def test_a_worker_that_lacks_no_pages_answers_at_once() -> None:
    answer = answered(in_letters(held="a"), ["a x"], {"a": b"1"})
    assert answer.states == [b"2"]
    assert answer.pages == [ChangedPage(0, 0, None), ChangedPage(0, 1, b"x")]
