"""What a card makes of a known id: a repeat, another payment under it, and how long it is known."""

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
import pytest

from events.transaction import Transaction
from features.card import transition as card
from features.card.ids import CONTENT_BITS, Content, id_word
from features.card.state import HEAD_FORGOTTEN_MS, HEAD_WORDS, LOOSE_ID_BYTES
from features.catalogue import CARD_FEATURES, slot
from features.windows import (
    CARD_HISTORY_MS,
    DAY_MS,
    DEDUPE_HORIZON_MS,
    HOUR_MS,
    MAX_CARD_EVENTS,
    MAX_LOOSE_IDS,
    SECOND_MS,
)
from tests.unit.features.factories import NOON_MS, payment
from tests.unit.features.singly import pay_by

T = NOON_MS
CHANGES = [
    ("timestamp", {"time_ms": T + 1}),
    ("amount with currency", {"amount_minor": 1_001}),
    ("amount with currency", {"currency": "USD"}),
    ("merchant_id", {"merchant_id": "another"}),
]


def hot(count: int, gap_ms: int, state: bytes | None = None, first: int = 0) -> bytes:
    """Return the state after so many payments in order, p0, p1, ..., that far apart."""
    for i in range(first, first + count):
        state = pay_by(state, nth(i, gap_ms)).state
    assert state is not None
    return state


def nth(i: int, gap_ms: int, **given: Any) -> Transaction:
    return payment(T + i * gap_ms, f"p{i}", **given)


@pytest.mark.parametrize("otherwise", [{}, {"city": "Wien"}, {"device_id": "d", "channel": "web"}])
def test_a_repeat_has_the_same_content_whatever_else_it_says(otherwise: dict[str, Any]) -> None:
    first = pay_by(None, payment(T, "x"))
    again = pay_by(first.state, payment(T, "x", **otherwise))
    assert again.repeated and not again.reused and not again.accepted
    assert again.state == first.state and again.sequence == 1 and len(again.values) == 0


@pytest.mark.parametrize(("field", "change"), CHANGES)
def test_another_payment_under_a_known_id_is_refused_by_the_field(
    field: str, change: dict[str, Any]
) -> None:
    first = pay_by(None, payment(T, "x"))
    given: dict[str, Any] = {"time_ms": T, "identity": "x"} | change
    other = payment(**given)
    step = pay_by(first.state, other)
    assert step.reused and not step.repeated and step.differing == (field,)
    assert step.state == first.state and step.sequence == 1
    refused = card.reused_id(other, step)
    assert refused.code == "id_reused"
    assert (
        f"of another payment of the card, which differs in {field};" in refused.sentence
        and "'tx'" in refused.sentence
    )


def test_a_refused_payment_leaves_no_trace() -> None:
    """Ten refusals in a row change neither the state nor what comes after them."""
    state = pay_by(None, payment(T, "x")).state
    for i in range(10):
        state = pay_by(state, payment(T, "x", amount_minor=i)).state
    after = pay_by(state, payment(T + 1, "y"))
    assert after.sequence == 2 and after.values[slot(CARD_FEATURES, "card_count_24h")] == 2


def test_an_id_is_known_for_a_day_of_event_time_and_not_longer() -> None:
    first = pay_by(None, payment(T, "x"))
    within = pay_by(first.state, payment(T + DEDUPE_HORIZON_MS - 1, "y"))
    assert pay_by(within.state, payment(T, "x")).repeated
    beyond = pay_by(first.state, payment(T + DEDUPE_HORIZON_MS, "y"))
    assert pay_by(beyond.state, payment(T, "x")).accepted


def test_a_payment_that_takes_its_own_id_a_day_later_counts() -> None:
    first = pay_by(None, payment(T, "x"))
    assert pay_by(first.state, payment(T + DEDUPE_HORIZON_MS - 1, "x")).reused
    assert pay_by(first.state, payment(T + DEDUPE_HORIZON_MS, "x")).accepted


@pytest.mark.parametrize("gap_ms", [1, SECOND_MS, 40 * SECOND_MS])
def test_a_hot_card_knows_every_id_of_a_day(gap_ms: int) -> None:
    """At 40 s the oldest ids are beyond the horizon, and some of the others are loose."""
    count = 4 * MAX_CARD_EVENTS
    state = hot(count, gap_ms)
    first = max(0, count - DEDUPE_HORIZON_MS // gap_ms)
    for i in {first, first + 1, first + 700, first + 1_600, count - 513, count - 1}:
        step = pay_by(state, nth(i, gap_ms))
        assert step.repeated, i
    if first:
        assert pay_by(state, nth(first - 1, gap_ms)).accepted
    other = pay_by(state, nth(first, gap_ms, amount_minor=7))
    assert other.reused and other.differing == ("amount, currency or merchant_id",)
    moved = pay_by(state, payment(T + first * gap_ms + 1, f"p{first}"))
    assert moved.reused and moved.differing == ("timestamp",)


def test_ids_beyond_the_bound_go_by_age_and_what_is_as_old_is_marked() -> None:
    count = MAX_LOOSE_IDS + 3 * MAX_CARD_EVENTS + 100
    state = hot(count, 1)
    forgotten_ms = int(np.frombuffer(state[: 8 * HEAD_WORDS], "<i8")[HEAD_FORGOTTEN_MS])
    last = forgotten_ms - T
    assert count - MAX_LOOSE_IDS - MAX_CARD_EVENTS <= last + 1 <= count - MAX_LOOSE_IDS
    assert pay_by(state, nth(last + 1, 1)).repeated
    assert not pay_by(state, payment(T + last + 1, "new")).unchecked
    again = pay_by(state, nth(last, 1))
    assert again.accepted and again.unchecked and again.compacted
    assert not pay_by(state, payment(T + count, "next")).unchecked


def test_loose_ids_go_when_their_day_has_passed() -> None:
    state = hot(3 * MAX_CARD_EVENTS, SECOND_MS)
    next_day = pay_by(state, payment(T + 3 * MAX_CARD_EVENTS * SECOND_MS + DAY_MS, "y")).state
    loose = 2 * MAX_CARD_EVENTS
    assert len(state) - len(next_day) >= LOOSE_ID_BYTES * loose
    month = pay_by(next_day, payment(T + DAY_MS + 2 * CARD_HISTORY_MS, "z")).state
    assert len(month) == len(pay_by(None, payment()).state)


def test_ids_of_payments_out_of_order_are_known_after_compaction() -> None:
    """Pairs change places, and every fifth payment is an hour late."""
    times = [T + DAY_MS + (i ^ 1) * SECOND_MS - (i % 5 == 0) * HOUR_MS for i in range(1_700)]
    state = None
    for i, time_ms in enumerate(times):
        state = pay_by(state, payment(time_ms, i)).state
    for i in range(0, len(times), 7):
        assert pay_by(state, payment(times[i], i)).repeated


def test_contents_spread_over_all_their_bits() -> None:
    """Neighbours in any field must not share a content more often than chance has it."""

    def word(time_ms: int, amount: int, currency: int, merchant: int) -> int:
        return id_word(0, Content(time_ms, amount, currency, merchant))

    compiled = cast("Callable[[int, int, int, int], int]", numba.njit(word))
    base = (T, 100_000, 4_543_826, 77)
    for field in range(4):
        contents = {
            compiled(*(value + i * (at == field) for at, value in enumerate(base)))
            for i in range(4_096)
        }
        assert all(0 < content < 2**CONTENT_BITS for content in contents)
        assert len(contents) > 4_096 - 10  # by chance 0.5 pairs are expected
