"""The older release that upgrade-state starts from stores cards that this one takes over."""

from __future__ import annotations

import numpy as np
import pytest

from features.card.state import VERSION
from features.windows import HOUR_MS, MAX_CARD_EVENTS
from jobs.stages.card import CardStage
from scoring.messages import Refused, ScoringRequest
from tests.unit.features.factories import NOON_MS, payment
from tests.unit.features.singly import pay_by
from tests.unit.jobs.test_card_stage import OneCard
from verify.faults.older_card import OlderCardStage, as_version_2


def card_after(count: int, gap_ms: int, currency: str = "EUR") -> bytes:
    """Return the state after so many payments at changing places and amounts."""
    state = None
    for i in range(count):
        one = payment(
            NOON_MS + i * gap_ms,
            i,
            amount_minor=1_000 + 37 * (i % 50),
            currency=currency,
            city=f"city {i % 3}",
            lat=48.0 + i % 2,
            lon=16.0,
        )
        state = pay_by(state, one).state
    assert state is not None
    return state


@pytest.mark.parametrize("count", [1, 40, 3 * MAX_CARD_EVENTS], ids=["new", "usual", "hot"])
def test_a_card_of_version_2_decides_as_what_it_was(count: int) -> None:
    """A bucket's spread may lose its last bit on the way, which no float32 shows."""
    state = card_after(count, HOUR_MS // 4)
    older = as_version_2(state)
    assert older[0] == 2
    later = payment(NOON_MS + (count + 1) * HOUR_MS // 4, "later", lat=48.0, lon=16.0)
    expected, got = pay_by(state, later), pay_by(older, later)
    assert (got.sequence, got.compacted) == (expected.sequence, expected.compacted)
    np.testing.assert_array_equal(got.values, expected.values)
    assert pay_by(got.state, later).repeated


def test_the_older_stage_stores_version_2_and_this_release_takes_the_card_over() -> None:
    """The counters of both are those of one stage that knew the card all along."""
    card = OneCard(OlderCardStage)
    assert [len(card.take({})), len(card.take({}))] == [1, 0]
    assert card.states["r1"][0] == 2
    card.open(CardStage)
    assert card.take({}) == []
    refused, decided = card.take({"amount": 2}, {"transaction_id": "ORD-8"})
    assert isinstance(refused, Refused) and isinstance(decided, ScoringRequest)
    assert card.states["r1"][0] == VERSION
    assert card.counted.counts == {"repeated": 2, "dead_letters/id_reused": 1}


def test_amounts_of_three_decimals_are_refused() -> None:
    with pytest.raises(ValueError, match="two decimals"):
        as_version_2(card_after(3, HOUR_MS, "KWD"))
