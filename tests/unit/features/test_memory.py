"""State is bounded whatever comes, and what compaction must not change stays exact."""

import pytest

from features.card.state import state_size
from features.catalogue import CARD_FEATURES, MERCHANT_FEATURES, slot
from features.merchant.state import state_size as merchant_size
from features.windows import (
    DAY_MS,
    MAX_CARD_EVENTS,
    MAX_LABELS,
    MAX_LOOSE_IDS,
    MAX_MERCHANT_ROWS,
    SECOND_MS,
)
from tests.unit.features.factories import NOON_MS, payment
from tests.unit.features.singly import pay_at, pay_by

MAX_CARD_BUCKETS = 340
LARGEST_CARD = state_size.py_func(  # type: ignore[attr-defined]
    MAX_CARD_EVENTS, MAX_CARD_EVENTS, MAX_CARD_BUCKETS, MAX_LOOSE_IDS
)
HOT = [(30, 20_000), (20 * SECOND_MS, 100_000)]
LARGEST_MERCHANT = merchant_size.py_func(MAX_MERCHANT_ROWS, MAX_LABELS)  # type: ignore[attr-defined]


def test_a_card_with_60_payments_in_30_days_fits_into_1536_bytes() -> None:
    state = None
    for i in range(60):
        one = payment(
            NOON_MS + i * DAY_MS // 2,
            merchant_id=f"merchant {i}",
            city=f"city {i}",
            country=f"C{i}",
            device_id=f"device {i}",
            lat=48.0,
            lon=16.0,
        )
        state = pay_by(state, one).state
    assert state is not None and len(state) <= 1_536


@pytest.mark.parametrize(("gap_ms", "n"), HOT, ids=["in 10 minutes", "over 23 days"])
def test_a_hot_card_is_bounded_and_its_month_exact(gap_ms: int, n: int) -> None:
    state, largest, total = None, 0, 0
    for i in range(n):
        amount = 100 + i % 977
        step = pay_by(state, payment(NOON_MS + i * gap_ms, amount_minor=amount))
        state, total, largest = step.state, total + amount, max(largest, len(step.state))
    assert largest <= LARGEST_CARD
    assert step.compacted and step.sequence == n
    assert step.values[slot(CARD_FEATURES, "card_count_30d")] == n
    assert step.values[slot(CARD_FEATURES, "card_sum_30d")] == pytest.approx(total / 100)
    assert step.values[slot(CARD_FEATURES, "card_max_30d")] == pytest.approx(10.76)
    assert step.values[slot(CARD_FEATURES, "card_std_30d")] == pytest.approx(2.8204, rel=1e-3)


def test_a_window_of_a_hot_card_is_blurred_by_a_sixteenth_at_most() -> None:
    state, gap_ms, n = None, 10 * SECOND_MS, 20_000
    for i in range(n):
        step = pay_by(state, payment(NOON_MS + i * gap_ms))
        state = step.state
    count = step.values[slot(CARD_FEATURES, "card_count_24h")]
    exact = DAY_MS // gap_ms
    assert exact <= count <= exact * (1 + 1 / 16) + 1
    assert step.values[slot(CARD_FEATURES, "card_count_1h")] == 360


def test_compaction_forgets_when_the_history_has_passed() -> None:
    state = None
    for i in range(2 * MAX_CARD_EVENTS):
        state = pay_by(state, payment(NOON_MS + i)).state
    step = pay_by(state, payment(NOON_MS + 40 * DAY_MS))
    assert not step.compacted
    assert len(step.state) == len(pay_by(None, payment()).state)


def test_a_repeat_leaves_a_full_card_as_it_was() -> None:
    state = None
    for i in range(MAX_CARD_EVENTS):
        state = pay_by(state, payment(NOON_MS + i)).state
    step = pay_by(state, payment(NOON_MS + MAX_CARD_EVENTS - 1))
    assert step.repeated and step.state == state


@pytest.mark.parametrize(("gap_ms", "n"), HOT, ids=["in 10 minutes", "over 23 days"])
def test_a_hot_merchant_is_bounded_and_its_month_exact(gap_ms: int, n: int) -> None:
    state, largest = None, 0
    for i in range(n):
        step = pay_at(state, payment(NOON_MS + i * gap_ms))
        state, largest = step.state, max(largest, len(step.state))
    assert largest <= LARGEST_MERCHANT
    assert step.compacted and step.sequence == n
    assert step.values[slot(MERCHANT_FEATURES, "merchant_count_30d")] == n
    assert step.values[slot(MERCHANT_FEATURES, "merchant_mean_30d")] == 10
