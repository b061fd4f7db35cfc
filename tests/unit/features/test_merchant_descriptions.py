"""What the descriptions of merchant features claim holds, and each stands alone."""

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import MERCHANT_FEATURES, slot
from features.declaration import Feature
from features.windows import DAY_MS, HOUR_MS
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import pay_at, tell_at
from tests.unit.features.test_descriptions import MOST_WORDS, VAGUE, claims

NOW_MS = NOON_MS + 40 * DAY_MS

each_feature = pytest.mark.parametrize(
    "feature", MERCHANT_FEATURES, ids=[feature.name for feature in MERCHANT_FEATURES]
)


def values(*ages_ms: int, frauds: tuple[int, ...] = ()) -> npt.NDArray[np.float32]:
    """Return the values of a payment now, after payments so long ago; some are frauds."""
    state = None
    for i, age_ms in enumerate(ages_ms):
        state = pay_at(state, payment(NOW_MS - age_ms, i)).state
        if i in frauds:
            told = label(NOW_MS - age_ms, i, label_time_ms=NOW_MS - age_ms)
            state = tell_at(state, told).state
    return pay_at(state, payment(NOW_MS, "now")).values


def value(of: npt.NDArray[np.float32], name: str) -> float:
    return float(of[slot(MERCHANT_FEATURES, f"merchant_{name}")])


@each_feature
def test_a_description_is_one_short_sentence_that_stands_alone(feature: Feature) -> None:
    assert len(feature.description.split()) <= MOST_WORDS
    assert feature.description[-1] == "." and ". " not in feature.description
    assert feature.description[0].isupper()
    assert not VAGUE.search(feature.description)


def test_no_two_features_are_described_alike() -> None:
    assert len({feature.description for feature in MERCHANT_FEATURES}) == len(MERCHANT_FEATURES)


@each_feature
def test_what_a_description_claims_without_a_history_holds(feature: Feature) -> None:
    first = values()[slot(MERCHANT_FEATURES, feature.name)]
    assert np.isnan(first) == ("NaN" in claims(feature))
    assert (first == 0) == claims(feature).strip().startswith("0 ")


@each_feature
def test_a_window_is_named_in_the_description_of_its_feature(feature: Feature) -> None:
    days = (feature.window_ms or 0) // DAY_MS
    named = (f" {feature.name.rsplit('_', 1)[-1]}", f"{days} days")
    assert any(name in feature.description for name in named)


@each_feature
def test_a_newer_payment_that_arrived_before_does_not_count(feature: Feature) -> None:
    """A payment that arrives late is measured as if the newer fraud were not there."""
    at = slot(MERCHANT_FEATURES, feature.name)
    ahead = values(10 * DAY_MS, -HOUR_MS, frauds=(0, 1))
    np.testing.assert_array_equal(ahead[at], values(10 * DAY_MS, frauds=(0,))[at])


def test_days_since_a_known_fraud_are_not_delayed_and_a_run_is() -> None:
    fresh = values(20 * DAY_MS, 2 * DAY_MS, frauds=(0, 1))
    assert value(fresh, "days_since_fraud") == 2
    assert value(fresh, "fraud_run") == 1 and value(fresh, "fraud_run_days") == 20
    assert value(fresh, "delayed_frauds_30d") == 1


def test_one_genuine_payment_of_the_same_millisecond_ends_a_run() -> None:
    assert value(values(20 * DAY_MS, 20 * DAY_MS, frauds=(0, 1)), "fraud_run") == 2
    assert value(values(20 * DAY_MS, 20 * DAY_MS, frauds=(0,)), "fraud_run") == 0


def test_a_payment_of_a_merchant_includes_itself_and_only_itself_at_first() -> None:
    assert value(values(), "count_1h") == 1
    assert value(values(), "mean_1h") == 10
    assert np.isnan(value(values(), "amount_to_mean_30d"))
