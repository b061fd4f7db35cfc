"""The older release that upgrade-state starts from stores what this one takes over."""

from __future__ import annotations

import pytest

from benchmarks.faults.older_stage import as_version_1
from features import merchant
from features.merchant_state import UPGRADES
from features.windows import DAY_MS
from tests.unit.features.factories import NOON_MS, label, payment


def merchant_after(days: list[int]) -> bytes:
    """Return the state after a known fraud and a payment on each day."""
    state = merchant.learn(None, label(NOON_MS, "x")).state
    for day in days:
        paid = payment(NOON_MS + day * DAY_MS, day)
        step = merchant.advance(state, paid.timestamp_ms, paid.amount_minor, paid.currency)
        state = step.state
    return state


def test_a_state_of_version_1_becomes_what_it_was() -> None:
    state = merchant_after([0, 1, 30, 49])
    older = as_version_1(state)
    assert older[0] == 1 and older != state
    assert UPGRADES[1](older) == state


def test_what_version_1_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="version 1 holds 4,294,967,296 ms"):
        as_version_1(merchant_after([0, 50]))
