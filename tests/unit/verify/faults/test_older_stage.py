"""The older release that upgrade-state starts from stores what this one takes over."""

from __future__ import annotations

import numpy as np
import pytest

from features.windows import DAY_MS, MAX_MERCHANT_ROWS
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import pay_at, tell_at
from verify.faults.older_stage import as_version_1


def merchant_after(days: list[int]) -> bytes:
    """Return the state after a payment on each day, every other one a fraud."""
    state = tell_at(None, label(NOON_MS + DAY_MS // 2, "waits")).state
    for number, day in enumerate(days):
        state = pay_at(state, payment(NOON_MS + day * DAY_MS, number)).state
        if number % 2:
            state = tell_at(state, label(NOON_MS + day * DAY_MS, number)).state
    return state


def busy_merchant() -> bytes:
    """Return the state of a merchant with buckets, and frauds in them."""
    state = None
    for number in range(MAX_MERCHANT_ROWS + 5):
        time_ms = NOON_MS + number * DAY_MS // 100
        state = pay_at(state, payment(time_ms, number)).state
        if number % 10 == 0:
            state = tell_at(state, label(time_ms, number, label_time_ms=time_ms)).state
    assert state is not None
    return state


@pytest.mark.parametrize("make", [lambda: merchant_after([0, 1, 30, 49]), busy_merchant])
@pytest.mark.parametrize("days", [0, 7, 10, 30])
def test_a_state_of_version_1_decides_as_what_it_was(make: object, days: int) -> None:
    assert callable(make)
    state = make()
    older = as_version_1(state)
    assert older[0] == 1
    later = payment(NOON_MS + (49 + days) * DAY_MS, "later")
    expected, got = pay_at(state, later), pay_at(older, later)
    assert got.sequence == expected.sequence and got.compacted == expected.compacted
    np.testing.assert_array_equal(got.values, expected.values)


def test_a_fraud_that_waits_does_so_in_version_1() -> None:
    older = as_version_1(merchant_after([0]))
    arrived = pay_at(older, payment(NOON_MS + DAY_MS // 2, "waits")).state
    assert tell_at(arrived, label(NOON_MS + DAY_MS // 2, "waits")).payment == "known"


def test_what_version_1_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="version 1 holds 4,294,967,296 ms"):
        as_version_1(merchant_after([0, 50]))
