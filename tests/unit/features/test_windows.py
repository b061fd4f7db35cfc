"""Edges of windows, (t - w, t], drawn one payment at a time."""

import pytest

from features import card, merchant
from features.definition import CARD_FEATURES, MERCHANT_FEATURES, slot
from features.windows import (
    ALLOWED_LATENESS_MS,
    CARD_HISTORY_MS,
    CARD_WINDOWS_MS,
    DAY_MS,
    DEDUPE_HORIZON_MS,
    DELAYED_WINDOWS_MS,
    HOUR_MS,
    LABEL_DELAY_MS,
    MERCHANT_WINDOWS_MS,
    window_name,
)
from tests.unit.features.factories import NOON_MS, label, payment

T = NOON_MS


def after(*times_ms: int, **given: object) -> card.CardStep:
    """Return the card's last step over payments at these times, in this order of arrival."""
    state = None
    for i, time_ms in enumerate(times_ms):
        step = card.advance(state, payment(time_ms, f"{i} at {time_ms}", **given))
        state = step.state
    return step


def of_card(step: card.CardStep, name: str) -> float:
    return float(step.values[slot(CARD_FEATURES, name)])


def of_merchant(step: merchant.MerchantStep, name: str) -> float:
    return float(step.values[slot(MERCHANT_FEATURES, name)])


@pytest.mark.parametrize("window_ms", CARD_WINDOWS_MS, ids=window_name)
@pytest.mark.parametrize(("age", "count"), [(-1, 2), (0, 1), (1, 1)])
def test_a_card_window_is_open_on_the_left(window_ms: int, age: int, count: int) -> None:
    step = after(T, T + window_ms + age)
    assert of_card(step, f"card_count_{window_name(window_ms)}") == count


@pytest.mark.parametrize("window_ms", MERCHANT_WINDOWS_MS, ids=window_name)
@pytest.mark.parametrize(("age", "count"), [(-1, 2), (0, 1)])
def test_a_merchant_window_is_open_on_the_left(window_ms: int, age: int, count: int) -> None:
    state = merchant.advance(None, payment(T)).state
    step = merchant.advance(state, payment(T + window_ms + age))
    assert of_merchant(step, f"merchant_count_{window_name(window_ms)}") == count


@pytest.mark.parametrize("window_ms", DELAYED_WINDOWS_MS, ids=window_name)
def test_a_delayed_window_ends_a_week_ago_closed_and_begins_open(window_ms: int) -> None:
    state = merchant.advance(None, payment(T)).state
    state = merchant.learn(state, label(T)).state
    name = f"merchant_delayed_frauds_{window_name(window_ms)}"
    ages = {LABEL_DELAY_MS - 1: 0, LABEL_DELAY_MS: 1, LABEL_DELAY_MS + window_ms - 1: 1}
    for age_ms, frauds in (ages | {LABEL_DELAY_MS + window_ms: 0}).items():
        assert of_merchant(merchant.advance(state, payment(T + age_ms)), name) == frauds


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


def test_a_repeat_is_known_for_a_day_of_event_time() -> None:
    first = card.advance(None, payment(T, "x"))
    again = card.advance(first.state, payment(T + DEDUPE_HORIZON_MS - 1, "x"))
    assert again.repeated and again.state == first.state and again.sequence == 1
    later = card.advance(first.state, payment(T + DEDUPE_HORIZON_MS, "x"))
    assert not later.repeated and later.sequence == 2


def test_a_label_counts_from_its_own_time_on_once_and_until_taken_back() -> None:
    known_ms = T + 8 * DAY_MS
    state = merchant.learn(None, label(T, "x", label_time_ms=known_ms)).state
    state = merchant.advance(state, payment(T, "x")).state
    name = "merchant_delayed_frauds_7d"
    assert of_merchant(merchant.advance(state, payment(known_ms - 1)), name) == 0
    assert of_merchant(merchant.advance(state, payment(known_ms)), name) == 1
    state = merchant.learn(state, label(T, "x", label_time_ms=known_ms)).state
    assert of_merchant(merchant.advance(state, payment(known_ms)), name) == 1
    taken = merchant.learn(state, label(T, "x", is_fraud=False, label_time_ms=known_ms))
    assert of_merchant(merchant.advance(taken.state, payment(known_ms)), name) == 0
    assert taken.sequence == 4


def test_a_yen_and_a_euro_are_both_major_units() -> None:
    yen = card.advance(None, payment(amount_minor=1_500, currency="JPY"))
    assert of_card(yen, "amount") == 1_500
    dinar = card.advance(None, payment(amount_minor=1_500, currency="KWD"))
    assert of_card(dinar, "amount") == 1.5
