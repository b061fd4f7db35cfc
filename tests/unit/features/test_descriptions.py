"""Descriptions are read by people who see nothing else of a feature, and what they claim holds."""

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CARD_FEATURES, slot
from features.declaration import Feature
from features.windows import DAY_MS, HOUR_MS
from tests.unit.features.factories import NOON_MS, payment
from tests.unit.features.singly import pay_by

MOST_WORDS: Final = 25
VAGUE: Final = re.compile(
    r"\b(them|it|its|those|these|this|they|of which|such|ones)\b", re.IGNORECASE
)
KNOWN: Final[dict[str, Any]] = {
    "merchant_category": "5411",
    "city": "Wien",
    "country": "AT",
    "device_id": "d1",
    "lat": 48.2,
    "lon": 16.4,
}
each_feature = pytest.mark.parametrize(
    "feature", CARD_FEATURES, ids=[feature.name for feature in CARD_FEATURES]
)


def values_after(*times_ms: int, **given: Any) -> npt.NDArray[np.float32]:
    """Return the values of the last of payments that arrive in this order."""
    state = None
    for i, time_ms in enumerate(times_ms):
        step = pay_by(state, payment(time_ms, f"{i} at {time_ms}", **given))
        state = step.state
    return step.values


def claims(feature: Feature) -> str:
    """Return what a description says of a feature where there is nothing to measure."""
    return feature.description.partition(";")[2]


@each_feature
def test_a_description_is_one_short_sentence_that_stands_alone(feature: Feature) -> None:
    words = feature.description.split()
    assert len(words) <= MOST_WORDS
    assert feature.description[-1] == "." and ". " not in feature.description
    assert not VAGUE.search(feature.description)
    assert feature.description[0].isupper() or feature.description.startswith("1 if ")
    assert feature.description.startswith("1 if ") == (feature.unit == "0/1")


def test_no_two_features_are_described_alike() -> None:
    assert len({feature.description for feature in CARD_FEATURES}) == len(CARD_FEATURES)


@each_feature
def test_what_a_description_claims_without_a_history_holds(feature: Feature) -> None:
    """Of a first payment that names nothing, at noon on a Wednesday."""
    value = values_after(NOON_MS)[slot(CARD_FEATURES, feature.name)]
    assert np.isnan(value) == ("NaN" in claims(feature))
    is_zero = value == 0 and feature.name not in ("is_night", "is_weekend")
    assert is_zero == (claims(feature).strip()[:2] == "0 " and not np.isnan(value))


@each_feature
def test_a_window_is_named_in_the_description_of_its_feature(feature: Feature) -> None:
    if feature.window_ms is not None:
        days = f"{feature.window_ms // DAY_MS} days"
        assert f"the last {feature.name.split('_')[-1]}" in feature.description or (
            days in feature.description
        )


@pytest.mark.parametrize("name", ["card_new_merchant_30d", "card_new_device_30d"])
def test_everything_is_new_to_a_first_payment(name: str) -> None:
    assert values_after(NOON_MS, **KNOWN)[slot(CARD_FEATURES, name)] == 1


def test_a_share_of_payments_is_0_without_payments_in_its_window() -> None:
    share = slot(CARD_FEATURES, "card_above_usual_share_14d")
    assert values_after(NOON_MS, NOON_MS + 20 * DAY_MS)[share] == 0


INCLUDED = [f for f in CARD_FEATURES if "the payment included" in f.description]
EARLIER = [f for f in CARD_FEATURES if "earlier" in f.description]


@pytest.mark.parametrize("feature", INCLUDED, ids=[f.name for f in INCLUDED])
def test_what_includes_the_payment_is_known_of_a_first_one(feature: Feature) -> None:
    """Only what says so, such as the spread of a single payment, is 0."""
    value = values_after(NOON_MS, **KNOWN)[slot(CARD_FEATURES, feature.name)]
    assert value == 0 if "0 for a single payment" in claims(feature) else value > 0


@pytest.mark.parametrize("feature", EARLIER, ids=[f.name for f in EARLIER])
def test_a_newer_payment_that_arrived_before_is_not_an_earlier_one(feature: Feature) -> None:
    """A payment that arrives late is measured as if the newer one were not there yet."""
    alone = values_after(NOON_MS, **KNOWN)
    late = values_after(NOON_MS + 2 * HOUR_MS, NOON_MS, **KNOWN)
    at = slot(CARD_FEATURES, feature.name)
    np.testing.assert_array_equal(late[at], alone[at])


@pytest.mark.parametrize("name", ["card_distance_km", "card_speed_kmh", "card_impossible_travel"])
def test_nothing_is_known_of_the_way_from_a_place_that_lies_ahead(name: str) -> None:
    at = slot(CARD_FEATURES, name)
    assert np.isnan(values_after(NOON_MS + 2 * HOUR_MS, NOON_MS, **KNOWN)[at])
    assert values_after(NOON_MS, NOON_MS, **KNOWN)[at] == 0
    between = (NOON_MS, NOON_MS + 2 * HOUR_MS, NOON_MS + HOUR_MS)
    assert np.isnan(values_after(*between, **KNOWN)[at])


def test_home_is_learnt_in_the_order_of_arrival() -> None:
    at = slot(CARD_FEATURES, "card_from_home_km")
    assert values_after(NOON_MS + 2 * HOUR_MS, NOON_MS, **KNOWN)[at] == 0
