"""What is usual for a card, by hand: its median, what lies far above it, its home."""

import numpy as np
import pytest

from features.catalogue import CARD_FEATURES, slot
from features.windows import DAY_MS, HOME_STEP_KM, HOUR_MS, USUAL_PAYMENTS
from tests.unit.features.factories import NOON_MS, payment
from tests.unit.features.singly import pay_by

VIENNA = {"lat": 48.2, "lon": 16.37}
SYDNEY = {"lat": -33.87, "lon": 151.21}


def last_values(amounts: list[int], gap_ms: int = HOUR_MS) -> dict[str, float]:
    """Pay the amounts (minor units) one after the other; return the last payment's features."""
    state = None
    for i, amount in enumerate(amounts):
        step = pay_by(state, payment(NOON_MS + i * gap_ms, amount_minor=amount))
        state = step.state
    return {f.name: float(v) for f, v in zip(CARD_FEATURES, step.values, strict=True)}


def test_the_median_is_that_of_the_earlier_payments_and_no_single_one_moves_it_far() -> None:
    values = last_values([1_000, 1_200, 90_000, 1_100, 5_500])
    assert values["card_usual_amount_30d"] == pytest.approx(11.5)
    assert values["card_amount_to_usual_30d"] == pytest.approx(55 / 11.5)
    assert values["card_amount_to_max_30d"] == pytest.approx(55 / 900)


def test_payments_far_above_the_usual_are_counted_in_14_days() -> None:
    values = last_values([1_000, 9_000, 1_000, 1_000, 1_000, 9_000, 1_000, 1_000], 3 * DAY_MS)
    assert values["card_above_usual_14d"] == 1
    assert values["card_above_usual_share_14d"] == pytest.approx(1 / 4)


def test_only_the_newest_payments_make_the_usual_of_a_busy_card() -> None:
    amounts = [9_000] * 200 + [1_000] * USUAL_PAYMENTS + [1_000]
    assert last_values(amounts, 60_000)["card_usual_amount_30d"] == 10
    amounts = [9_000] * 200 + [1_000] * (USUAL_PAYMENTS // 2 - 1) + [1_000]
    assert last_values(amounts, 60_000)["card_usual_amount_30d"] == 90


def test_a_journey_moves_home_by_a_step_at_most_and_home_is_learnt_back() -> None:
    home = slot(CARD_FEATURES, "card_from_home_km")
    state = None
    for i in range(10):
        state = pay_by(state, payment(NOON_MS + i * DAY_MS, **VIENNA)).state
    away = pay_by(state, payment(NOON_MS + 10 * DAY_MS, **SYDNEY))
    assert away.values[home] == pytest.approx(15_950, abs=50)
    back = pay_by(away.state, payment(NOON_MS + 11 * DAY_MS, **VIENNA))
    assert back.values[home] == pytest.approx(HOME_STEP_KM, rel=0.3)


def test_a_payment_without_a_place_says_nothing_of_home() -> None:
    home = slot(CARD_FEATURES, "card_from_home_km")
    first = pay_by(None, payment(NOON_MS, **VIENNA))
    online = pay_by(first.state, payment(NOON_MS + HOUR_MS))
    assert np.isnan(first.values[home]) and np.isnan(online.values[home])
    there = pay_by(online.state, payment(NOON_MS + 2 * HOUR_MS, **VIENNA))
    assert there.values[home] == 0
