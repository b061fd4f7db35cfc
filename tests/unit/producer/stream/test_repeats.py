"""Ids that come twice: true repeats are told from other payments under the same id."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.stream.repeats import Repeats
from producer.values.tally import Tally
from tests.unit.producer.samples import batch


def watched(batches: list[pa.RecordBatch], most_ids: int = 1_000) -> Counter[str]:
    tally = Tally()
    assert list(Repeats(tally, most_ids).watch(iter(batches))) == batches
    return tally.counts


def with_ids(ids: list[str], times: list[int]) -> pa.RecordBatch:
    made = batch(times)
    place = made.schema.get_field_index("transaction_id")
    return made.set_column(place, made.schema.field(place), pa.array(ids, pa.string()))


def test_the_same_payment_again_is_a_repeat_and_another_one_is_a_reused_id() -> None:
    assert watched([with_ids(["a", "b", "a", "a"], [1, 1, 1, 2])]) == {"repeated": 1, "reused": 1}


def test_repeats_are_found_across_batches() -> None:
    first = with_ids(["a", "b"], [1, 2])
    assert watched([first, first, with_ids(["b"], [3])]) == {"repeated": 2, "reused": 1}


@pytest.mark.parametrize("name", ["card_id", "merchant_id", "currency", "amount_minor"])
def test_every_part_of_the_content_counts(name: str) -> None:
    first = with_ids(["a"], [1])
    place = first.schema.get_field_index(name)
    other = pa.array([7]) if name == "amount_minor" else pa.array(["USD"])
    changed = first.set_column(place, first.schema.field(place), other)
    assert watched([first, changed]) == {"reused": 1}


def test_what_is_remembered_is_bounded() -> None:
    batches = [with_ids([str(number)], [number]) for number in range(5)]
    assert watched([*batches, *batches], most_ids=3) == {"repeated": 3}


@given(st.lists(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=8), max_size=8))
def test_counts_are_those_of_a_plain_loop(rows: list[list[tuple[int, int]]]) -> None:
    first: dict[int, int] = {}
    expected: Counter[str] = Counter()
    for name, time in (row for part in rows for row in part):
        if name in first:
            expected["repeated" if first[name] == time else "reused"] += 1
        first.setdefault(name, time)
    batches = [with_ids([str(name) for name, _ in part], [t for _, t in part]) for part in rows]
    assert watched(batches) == expected
