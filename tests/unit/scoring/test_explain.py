"""Reasons are what raised the score most, one for each code, in sentences that say the values."""

from __future__ import annotations

import math
import re

import numpy as np
import numpy.typing as npt
import pytest

from events.decision import Reason
from features.catalogue import FEATURE_NAMES
from scoring.bundle.manifest import InputFeature
from scoring.reasons.codes import reason_code
from scoring.reasons.contributions import EnsembleContributions
from scoring.reasons.explain import REASONS, Explainer, Explanation
from scoring.reasons.sentences import phrase
from scoring.reasons.values import RowValues
from tests.unit.scoring.scene import shipped

PLACES = {name: place for place, name in enumerate(FEATURE_NAMES)}
ORDINARY = {
    "amount": 50.0,
    "card_amount_to_mean_30d": 1.0,
    "card_amount_z_30d": 0.0,
    "card_count_10m": 1.0,
    "card_count_1h": 1.0,
    "card_count_24h": 2.0,
    "card_count_7d": 14.0,
    "card_count_30d": 60.0,
    "card_sum_24h": 100.0,
    "card_sum_30d": 3_000.0,
    "card_mean_30d": 50.0,
    "hour_of_day": 3.0,
    "is_night": 1.0,
}


def _values(**changes: float) -> npt.NDArray[np.float32]:
    found = {**ORDINARY, **changes}
    return np.array([found.get(name, np.nan) for name in FEATURE_NAMES], dtype=np.float32)


def _column(name: str) -> InputFeature:
    """A column with the profile of one that the shipped bundle has."""
    known = {feature.name: feature for feature in shipped().manifest.features}
    return known.get(name) or InputFeature(
        name=name,
        dtype="float32",
        unit="",
        median=2.0,
        importance=0.0,
        profile=shipped().manifest.features[0].profile,
    )


def _sentence(name: str, **changes: float) -> tuple[float | None, str]:
    return phrase(_column(name), RowValues(_values(**changes), PLACES))


class _Given(EnsembleContributions):
    """Contributions that a test gives by name."""

    def __init__(self, given: dict[str, float]) -> None:
        names = shipped().manifest.feature_names
        super().__init__([], len(names))
        self._given = np.array([given.get(name, 0.0) for name in names])

    def __call__(self, _: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return self._given


def _explain(given: dict[str, float], **changes: float) -> Explanation:
    manifest = shipped().manifest
    positions = [PLACES[name] for name in manifest.feature_names]
    return Explainer(_Given(given), positions, FEATURE_NAMES, manifest).explain(_values(**changes))


def _reasons(given: dict[str, float], **changes: float) -> list[Reason]:
    return _explain(given, **changes).reasons


def test_features_that_tell_of_one_thing_are_one_reason() -> None:
    """The sum decides the order; the feature with the largest part stands for it."""
    found = _reasons(
        {
            "card_count_10m": 0.10,
            "card_count_1h": 0.15,
            "card_count_24h": 0.10,
            "amount": 0.3,
            "merchant_delayed_frauds_7d": 0.05,
        },
        card_count_1h=4.0,
    )
    assert [(one.code, one.feature) for one in found] == [
        ("velocity", "card_count_1h"),
        ("amount_vs_own_normal", "amount"),
        ("merchant_risk", "merchant_delayed_frauds_7d"),
    ]
    assert [one.contribution for one in found] == pytest.approx([0.35, 0.3, 0.05])
    assert (found[0].value, found[2].value) == (4.0, None)


def test_contributions_are_complete_whatever_is_told() -> None:
    """Those that lower the score and those without a part in it stand there too."""
    given = {"amount": 0.5, "hour_of_day": -0.4, "card_count_1h": 0.1, "card_count_24h": 0.2}
    found = _explain(given).contributions
    codes = {reason_code(name) for name in shipped().manifest.feature_names}
    assert set(found) == codes
    assert list(found.values()) == sorted(found.values(), reverse=True)
    told = {code: added for code, added in found.items() if added}
    assert told == pytest.approx(
        {"amount_vs_own_normal": 0.5, "velocity": 0.3, "time_of_day": -0.4}
    )


def test_what_lowers_the_score_or_hardly_raises_it_is_no_reason() -> None:
    found = _reasons({"amount": 0.5, "hour_of_day": -0.4, "card_new_merchant_30d": 0.02})
    assert [one.code for one in found] == ["amount_vs_own_normal"]


def test_three_at_most() -> None:
    names = ("amount", "hour_of_day", "card_count_1h", "card_sum_24h", "merchant_count_1h")
    assert len(_reasons(dict.fromkeys(names, 0.1))) == REASONS


@pytest.mark.parametrize("given", [{}, {"amount": -0.1, "card_count_1h": -0.2}])
def test_an_alert_is_never_without_a_reason(given: dict[str, float]) -> None:
    """A threshold below the base raises alerts that nothing raised: the least against it tells."""
    assert len(_reasons(given)) == 1


def test_reasons_of_the_shipped_bundle_come_from_its_contributions() -> None:
    bundle = shipped()
    values = _values(card_count_10m=9.0, card_count_1h=9.0, amount=900.0)
    found = bundle.explainer.explain(values).reasons
    inputs = values[[PLACES[name] for name in bundle.manifest.feature_names]]
    contributions = bundle.explainer.contributions(inputs)
    for reason in found:
        of_code = [
            contribution
            for name, contribution in zip(bundle.manifest.feature_names, contributions, strict=True)
            if reason_code(name) == reason.code
        ]
        assert reason.contribution == pytest.approx(sum(of_code), abs=1e-12)
        assert reason.contribution > 0
    assert found == bundle.explainer.explain(values.copy()).reasons


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_has_a_code_and_a_sentence_for_every_value(name: str) -> None:
    """Present, zero, large, missing, and alone: no feature may be left without words."""
    assert re.fullmatch("[a-z][a-z_]*", reason_code(name))
    for value in (1.0, 0.0, 17.5, -2.0, math.nan):
        for others in (ORDINARY, {}):
            given = {**others, name: value}
            row = np.array([given.get(each, np.nan) for each in FEATURE_NAMES], dtype=np.float32)
            normal, sentence = phrase(_column(name), RowValues(row, PLACES))
            assert sentence and "nan" not in sentence.split() and "inf" not in sentence
            assert normal is None or math.isfinite(normal)


def test_velocity_is_told_against_the_cards_own_rate() -> None:
    """56 other payments in 30 days are 0.013 in ten minutes."""
    normal, sentence = _sentence("card_count_10m", card_count_10m=4.0)
    assert normal == pytest.approx(56 * 10 / (30 * 1440 - 10))
    assert sentence == "4 payments in 10 minutes; this card's usual is 0.013"


def test_an_amount_is_told_against_the_cards_own_mean() -> None:
    changes = {"amount": 500.0, "card_amount_to_mean_30d": 10.0, "card_amount_z_30d": 9.0}
    words = "amount 500.00 is 10.0 times this card's mean of 50.00"
    assert _sentence("amount", **changes) == (50.0, words)
    assert _sentence("card_amount_z_30d", **changes) == (0.0, words)


def test_a_first_payment_has_no_amount_to_differ_from() -> None:
    normal, sentence = _sentence("amount", card_amount_to_mean_30d=math.nan)
    assert normal is None
    assert sentence == "amount 50.00; this card has no earlier payment to compare it with"


def test_a_sum_is_told_against_the_cards_own_rate() -> None:
    normal, sentence = _sentence("card_sum_24h", card_sum_24h=900.0)
    assert normal == pytest.approx(2_100 / 29)
    assert sentence == "900.00 paid in 24 hours; this card's usual is 72"


def test_a_journey_is_told_by_its_speed() -> None:
    normal, sentence = _sentence("card_speed_kmh", card_speed_kmh=4_000.0, card_distance_km=2_000.0)
    assert normal == 100.0
    assert sentence == "2,000 km from the last payment, which takes 4,000 km/h"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("is_night", 1.0, "payment at night in the hour from 03:00 UTC"),
        ("card_new_merchant_30d", 1.0, "first payment of this card at this merchant in 30 days"),
        ("card_new_merchant_30d", 0.0, "this card has paid at this merchant before"),
        ("card_new_device_30d", 1.0, "first payment of this card from this device in 30 days"),
        ("card_new_device_30d", math.nan, "the payment names no device"),
        ("card_new_country_30d", 0.0, "this card has paid in this country before"),
        ("card_merchants_24h", 9.0, "payments at 9 different merchants in 24 hours; the usual is "),
        ("card_cities_24h", 0.0, "no city known of this card's payments in 24 hours"),
        (
            "merchant_days_since_fraud",
            math.nan,
            "not known: days since the merchant's newest known fraud in 67 days, with no delay",
        ),
        ("is_high_risk_category", 1.0, "the merchant category is a risky one"),
        ("is_high_risk_category", 0.0, "not so: the merchant category is a risky one"),
        ("category_group", 20.0, "the merchant's category is shopping online"),
        ("category_group", 0.0, "the merchant's category is none of the usual ones"),
        ("category_group", math.nan, "not known: group of the merchant category"),
        ("merchant_fraud_run", 3.0, "the last 3 payments here up to 7 days ago were all fraud"),
        ("merchant_fraud_run", 1.0, "the last payment here up to 7 days ago was fraud"),
        ("merchant_fraud_run", 0.0, "the last payment here up to 7 days ago is not known to be"),
        ("card_from_home_km", 1_234.0, "1,234 km from where this card mostly pays; the usual is "),
        ("merchant_days_since_good", 9.0, "9.0 days since the last payment here that is not"),
    ],
)
def test_sentences_say_what_is_so(name: str, value: float, words: str) -> None:
    assert _sentence(name, **{name: value})[1].startswith(words)


def test_an_amount_is_told_against_what_the_card_usually_pays() -> None:
    given = {"amount": 90.0, "card_usual_amount_30d": 20.0}
    usual, words = _sentence("card_amount_to_usual_30d", card_amount_to_usual_30d=4.5, **given)
    assert (usual, words) == (1.0, "amount 90.00; this card usually pays 20.00")
    _, words = _sentence("card_amount_to_max_30d", card_amount_to_max_30d=1.5, **given)
    assert words == "amount 90.00; this card's largest before was 60.00"
    _, words = _sentence("card_above_usual_14d", card_above_usual_14d=3.0, **given)
    assert words == (
        "3 of this card's payments in 14 days were more than 50.00, 2.5 times its usual"
    )


def test_an_attribute_is_told_by_its_name() -> None:
    """What a payment carries beside its fields has no declaration."""
    places = {**PLACES, "attributes.V1": len(PLACES)}
    row = np.append(_values(), np.float32(-3.25))
    told = phrase(_column("attributes.V1"), RowValues(row, places))
    assert told == (2.0, "V1 is -3.25; the usual is 2")
    assert reason_code("attributes.V1") == "attribute"
