"""A compacted card keeps its bound: how far each window may be off, in order and out of order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import CARD_FEATURES, slot
from features.windows import (
    CARD_WINDOWS_MS,
    DAY_MS,
    HOUR_MS,
    MAX_CARD_EVENTS,
    MINUTE_MS,
    SECOND_MS,
    window_name,
)
from tests.unit.features.factories import NOON_MS, payment
from tests.unit.features.singly import pay_by

Ints = npt.NDArray[np.int64]
LATE_MS = (0, 1, SECOND_MS, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS)


@dataclass(frozen=True)
class Hot:
    """A card after many payments: its state, and all of them in the order of time.

    A payment without a rate has 0 among the amounts, as it has in sums and maxima.
    """

    state: bytes
    times_ms: Ints
    amounts: Ints


def hot_card(seed: int, count: int, gap_ms: int, disorder_ms: int) -> Hot:
    """Let payments come at random, each up to so much behind its place in time."""
    chance = np.random.default_rng(seed)
    times = NOON_MS + np.cumsum(chance.integers(0, 2 * gap_ms, count))
    times -= (chance.random(count) < 0.2) * chance.integers(0, disorder_ms + 1, count)
    amounts = chance.integers(1, 100_000, count)
    currencies = np.where(chance.random(count) < 0.1, "XOF", "EUR")
    state = None
    for i, row in enumerate(zip(times.tolist(), amounts.tolist(), currencies, strict=True)):
        time_ms, amount, currency = row
        one = payment(time_ms, i, amount_minor=amount, currency=str(currency))
        state = pay_by(state, one).state
    assert state is not None
    amounts[currencies == "XOF"] = 0
    order = np.argsort(times, kind="stable")
    return Hot(state, times[order], amounts[order])


def check_windows(hot: Hot, late_ms: int) -> None:
    """Hold counts, sums and maxima of a payment so late against both ends of the bound."""
    time_ms = int(hot.times_ms[-1]) - late_ms
    step = pay_by(hot.state, payment(time_ms, "late", amount_minor=0))
    assert step.compacted
    values = {f.name: float(v) for f, v in zip(CARD_FEATURES, step.values, strict=True)}
    newest = max(SECOND_MS, late_ms / 16) if late_ms else 0
    for window_ms in CARD_WINDOWS_MS:
        w = window_name(window_ms)
        oldest = max(SECOND_MS, (late_ms + window_ms) / 16)
        age = time_ms - hot.times_ms
        least = hot.amounts[(age >= newest) & (age < window_ms)]
        most = hot.amounts[(age >= 0) & (age < window_ms + oldest)]
        assert len(least) <= values[f"card_count_{w}"] - 1 <= len(most), w
        slack = 1e-6 * most.sum() / 100
        assert least.sum() / 100 - slack <= values[f"card_sum_{w}"] <= most.sum() / 100 + slack, w
        largest = values[f"card_max_{w}"] * (1 + 1e-6)
        assert max(least, default=0) / 100 <= largest <= max(most, default=0) / 100 * (1 + 2e-6), w


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(MAX_CARD_EVENTS + 1, 3 * MAX_CARD_EVENTS),
    gap_ms=st.sampled_from([1, 50, SECOND_MS, 20 * SECOND_MS, 5 * MINUTE_MS]),
    disorder_ms=st.sampled_from([0, SECOND_MS, HOUR_MS, DAY_MS]),
)
def test_a_window_of_a_compacted_card_is_off_by_the_stated_bound_at_most(
    seed: int, count: int, gap_ms: int, disorder_ms: int
) -> None:
    hot = hot_card(seed, count, gap_ms, disorder_ms)
    for late_ms in LATE_MS:
        check_windows(hot, late_ms)


def test_the_bound_is_reached_out_of_order_and_a_sixteenth_of_the_window_is_not_enough() -> None:
    """The test above would also hold for a narrower bound if nothing came near this one."""
    hot = hot_card(5, 14 * MAX_CARD_EVENTS, 100, 0)
    window_ms, at = 10 * MINUTE_MS, slot(CARD_FEATURES, "card_count_10m")
    worst = 0.0
    for late_ms in range(8 * MINUTE_MS, 12 * MINUTE_MS, 5 * SECOND_MS):
        time_ms = int(hot.times_ms[-1]) - late_ms
        age = time_ms - hot.times_ms
        exact = int(((age >= 0) & (age < window_ms)).sum())
        counted = pay_by(hot.state, payment(time_ms, "late")).values[at] - 1
        worst = max(worst, abs(float(counted) / exact - 1))
    assert worst > 1 / 16


@pytest.mark.parametrize("late_ms", [0, HOUR_MS, 2 * DAY_MS, 30 * DAY_MS])
def test_every_decision_of_a_card_with_buckets_is_marked(late_ms: int) -> None:
    hot = hot_card(1, MAX_CARD_EVENTS + 1, SECOND_MS, 0)
    newest_ms = int(hot.times_ms[-1])
    assert pay_by(hot.state, payment(newest_ms - late_ms, "late")).compacted
    assert pay_by(hot.state, payment(newest_ms + late_ms, "next")).compacted


def test_what_was_compacted_may_be_new_again_and_lack_a_median() -> None:
    hot = hot_card(2, 2 * MAX_CARD_EVENTS, SECOND_MS, 0)
    oldest = pay_by(hot.state, payment(int(hot.times_ms[100]), "late"))
    assert oldest.compacted
    assert np.isnan(oldest.values[slot(CARD_FEATURES, "card_usual_amount_30d")])
    assert oldest.values[slot(CARD_FEATURES, "card_new_merchant_30d")] == 1
    assert oldest.values[slot(CARD_FEATURES, "card_count_24h")] > 1
