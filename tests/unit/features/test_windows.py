"""Edges of windows, (t - w, t], drawn one payment at a time."""

import numpy as np
import pytest

from features.catalogue import CARD_FEATURES, MERCHANT_FEATURES, slot
from features.windows import (
    ALLOWED_LATENESS_MS,
    CARD_HISTORY_MS,
    CARD_WINDOWS_MS,
    DAY_MS,
    DELAYED_WINDOWS_MS,
    HOUR_MS,
    LABEL_DELAY_MS,
    MERCHANT_WINDOWS_MS,
    window_name,
)
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import AtCard, AtMerchant, pay_at, pay_by, tell_at

T = NOON_MS


def after(*times_ms: int, **given: object) -> AtCard:
    """Return the card's last step over payments at these times, in this order of arrival."""
    state = None
    for i, time_ms in enumerate(times_ms):
        step = pay_by(state, payment(time_ms, f"{i} at {time_ms}", **given))
        state = step.state
    return step


def of_card(step: AtCard, name: str) -> float:
    return float(step.values[slot(CARD_FEATURES, name)])


def of_merchant(step: AtMerchant, name: str) -> float:
    return float(step.values[slot(MERCHANT_FEATURES, name)])


@pytest.mark.parametrize("window_ms", CARD_WINDOWS_MS, ids=window_name)
@pytest.mark.parametrize(("age", "count"), [(-1, 2), (0, 1), (1, 1)])
def test_a_card_window_is_open_on_the_left(window_ms: int, age: int, count: int) -> None:
    step = after(T, T + window_ms + age)
    assert of_card(step, f"card_count_{window_name(window_ms)}") == count


@pytest.mark.parametrize("window_ms", MERCHANT_WINDOWS_MS, ids=window_name)
@pytest.mark.parametrize(("age", "count"), [(-1, 2), (0, 1)])
def test_a_merchant_window_is_open_on_the_left(window_ms: int, age: int, count: int) -> None:
    state = pay_at(None, payment(T)).state
    step = pay_at(state, payment(T + window_ms + age))
    assert of_merchant(step, f"merchant_count_{window_name(window_ms)}") == count


@pytest.mark.parametrize("window_ms", DELAYED_WINDOWS_MS, ids=window_name)
def test_a_delayed_window_ends_a_week_ago_closed_and_begins_open(window_ms: int) -> None:
    state = pay_at(None, payment(T)).state
    state = tell_at(state, label(T)).state
    name = f"merchant_delayed_frauds_{window_name(window_ms)}"
    ages = {LABEL_DELAY_MS - 1: 0, LABEL_DELAY_MS: 1, LABEL_DELAY_MS + window_ms - 1: 1}
    for age_ms, frauds in (ages | {LABEL_DELAY_MS + window_ms: 0}).items():
        assert of_merchant(pay_at(state, payment(T + age_ms)), name) == frauds


def test_earlier_arrivals_of_the_same_instant_are_counted_and_later_ones_not() -> None:
    assert of_card(after(T, T, T), "card_count_10m") == 3


def test_a_payment_out_of_order_has_the_features_of_its_own_time() -> None:
    step = after(T, T + 2 * HOUR_MS, T + HOUR_MS)
    assert of_card(step, "card_count_24h") == 2
    assert of_card(step, "card_seconds_since_last") == 3_600
    assert not step.late


def test_a_payment_out_of_order_is_counted_by_those_after_it() -> None:
    step = after(T, T + 2 * HOUR_MS, T + HOUR_MS, T + 3 * HOUR_MS)
    assert of_card(step, "card_count_24h") == 4
    assert of_card(step, "card_seconds_since_last") == 3_600


def test_late_begins_beyond_the_allowance() -> None:
    assert not after(T, T - ALLOWED_LATENESS_MS).late
    assert after(T, T - ALLOWED_LATENESS_MS - 1).late


def test_a_payment_within_the_allowance_still_has_whole_windows() -> None:
    first = T - CARD_HISTORY_MS + 1
    step = after(first, T, T - ALLOWED_LATENESS_MS)
    assert of_card(step, "card_count_30d") == 2


def test_a_payment_beyond_the_history_is_scored_alone_and_numbered() -> None:
    step = after(T, T - CARD_HISTORY_MS)
    assert step.late and step.sequence == 2
    assert of_card(step, "card_count_30d") == 1
    assert len(step.state) == len(after(T).state)


def test_payments_are_dropped_by_event_time() -> None:
    assert len(after(T, T + CARD_HISTORY_MS).state) == len(after(T).state)


def test_a_label_counts_from_its_own_time_on_once_and_until_taken_back() -> None:
    known_ms = T + 8 * DAY_MS
    state = tell_at(None, label(T, "x", label_time_ms=known_ms)).state
    state = pay_at(state, payment(T, "x")).state
    name = "merchant_delayed_frauds_7d"
    assert of_merchant(pay_at(state, payment(known_ms - 1)), name) == 0
    assert of_merchant(pay_at(state, payment(known_ms)), name) == 1
    state = tell_at(state, label(T, "x", label_time_ms=known_ms)).state
    assert of_merchant(pay_at(state, payment(known_ms)), name) == 1
    taken = tell_at(state, label(T, "x", is_fraud=False, label_time_ms=known_ms))
    assert of_merchant(pay_at(taken.state, payment(known_ms)), name) == 0
    assert taken.sequence == 4


@pytest.mark.parametrize("n", [1_000, 3_000], ids=["in rows", "in buckets too"])
def test_absurd_sums_end_at_the_largest_and_do_not_turn_negative(n: int) -> None:
    state = None
    for i in range(n):
        step = pay_by(state, payment(T + i, amount_minor=2**40 - 1))
        state = step.state
    assert of_card(step, "card_sum_24h") == pytest.approx(2**63 / 10**8, rel=1e-6)
    assert of_card(step, "card_max_24h") == pytest.approx(2**40 / 100, rel=1e-6)
    assert of_card(step, "card_usual_amount_30d") == pytest.approx(2**40 / 100, rel=1e-6)
    assert not np.isinf(step.values).any()


@pytest.mark.parametrize("amount", [1, 999, 2**31 - 1])
def test_equal_amounts_have_no_deviation_to_be_measured_by(amount: int) -> None:
    """As long as their sum does not end at the largest one."""
    state = None
    for i in range(300):
        step = pay_by(state, payment(T + i, amount_minor=amount, currency="JPY"))
        state = step.state
    assert np.isnan(of_card(step, "card_amount_z_30d"))
    assert np.isnan(of_card(step, "card_amount_outlier_30d"))
