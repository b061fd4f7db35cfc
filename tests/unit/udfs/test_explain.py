"""Reasons are what lies farthest from the card's own normal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from events.decision import Reason
from features.definition import FEATURE_NAMES
from tests.unit.udfs.scene import shipped
from udfs.explain import REASONS, standouts

ORDINARY = {
    "amount": 50.0,
    "card_amount_to_mean_30d": 1.0,
    "card_amount_z_30d": 0.0,
    "card_count_10m": 1.0,
    "card_count_1h": 1.0,
    "card_count_24h": 2.0,
    "card_count_7d": 14.0,
    "card_count_30d": 60.0,
    "merchant_delayed_fraud_share_24h": 0.0,
    "merchant_delayed_fraud_share_7d": 0.0,
    "merchant_delayed_fraud_share_30d": 0.0,
}


def _values(**changes: float) -> npt.NDArray[np.float32]:
    found = {**ORDINARY, **changes}
    return np.array([found.get(name, np.nan) for name in FEATURE_NAMES], dtype=np.float32)


def _reasons(**changes: float) -> list[Reason]:
    return standouts(_values(**changes), shipped().manifest)


def test_an_ordinary_payment_has_one_faint_reason() -> None:
    """An alert is never without one: it is what comes nearest to standing out."""
    (reason,) = _reasons()
    assert reason.sentence == "amount 50.00 is 1.0 times this card's mean of 50.00"


def test_velocity_is_told_against_the_cards_own_rate() -> None:
    """60 payments in 30 days are 0.013 in ten minutes."""
    (reason,) = _reasons(card_count_10m=4.0, card_count_1h=4.0)
    assert reason.feature == "card_count_10m"
    assert reason.value == 4.0
    assert reason.normal is not None and abs(reason.normal - 56 * 10 / (30 * 1440 - 10)) < 1e-6
    assert reason.sentence.startswith("4 payments in 10 minutes; this card's usual is 0.013")


def test_an_amount_is_told_against_the_cards_own_mean() -> None:
    (reason,) = _reasons(amount=500.0, card_amount_to_mean_30d=10.0, card_amount_z_30d=9.0)
    assert (reason.feature, reason.value, reason.normal) == ("amount", 500.0, 50.0)
    assert reason.sentence == "amount 500.00 is 10.0 times this card's mean of 50.00"


def test_a_journey_is_told_by_its_speed() -> None:
    (reason,) = _reasons(card_speed_kmh=4_000.0, card_distance_km=2_000.0)
    assert reason.feature == "card_speed_kmh"
    assert "2,000 km" in reason.sentence and "4,000 km/h" in reason.sentence


def test_the_strongest_come_first_and_three_at_most() -> None:
    reasons = _reasons(
        card_count_10m=40.0,
        card_count_1h=40.0,
        card_amount_z_30d=2.0,
        card_speed_kmh=900.0,
        card_distance_km=900.0,
        merchant_delayed_fraud_share_7d=1.0,
    )
    assert len(reasons) == REASONS
    assert "card_count_10m" in [reason.feature for reason in reasons[:2]]


def test_a_first_payment_has_no_amount_to_differ_from() -> None:
    """No normal, no such reason; and nothing fails on what is not known."""
    first = dict.fromkeys(ORDINARY, 0.0)
    first |= {"card_amount_to_mean_30d": np.nan, "card_amount_z_30d": np.nan}
    assert "amount" not in [reason.feature for reason in _reasons(**first)]
