"""Reasons are the evidence that raised the score most, one for each code."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from events.decision import Reason
from features.catalogue import FEATURE_NAMES
from scoring.reasons.codes import COMBINATION, reason_code
from scoring.reasons.contributions import EnsembleContributions
from scoring.reasons.explain import REASONS, Explainer, Explanation
from tests.unit.features.factories import payment
from tests.unit.scoring.rows import PLACES, values_of
from tests.unit.scoring.scene import shipped


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
    explainer = Explainer(_Given(given), positions, FEATURE_NAMES, manifest)
    return explainer.explain(values_of(**changes), payment(), "EUR")


def _reasons(given: dict[str, float], **changes: float) -> list[Reason]:
    return _explain(given, **changes).reasons


def _told(reasons: list[Reason]) -> list[tuple[str, str]]:
    return [(one.code, one.feature) for one in reasons]


BUSY = {"card_count_1h": 4.0, "card_count_10m": 3.0, "card_count_24h": 5.0, "card_sum_24h": 900.0}
"""More payments and more money than the ordinary card's."""


def test_features_that_tell_of_one_thing_are_one_reason() -> None:
    """The sum decides the order; the feature with the largest part stands for it."""
    given = {
        "card_count_10m": 0.10,
        "card_count_1h": 0.15,
        "card_count_24h": 0.10,
        "card_sum_24h": 0.3,
        "merchant_delayed_frauds_7d": 0.05,
    }
    found = _reasons(given, merchant_delayed_frauds_7d=2.0, **BUSY)
    assert _told(found) == [
        ("velocity", "card_count_1h"),
        ("spending", "card_sum_24h"),
        ("merchant_risk", "merchant_delayed_frauds_7d"),
    ]
    assert [one.contribution for one in found] == pytest.approx([0.35, 0.3, 0.05])
    assert [one.value for one in found] == [4.0, 900.0, 2.0]


def test_the_next_column_of_a_code_speaks_where_the_first_is_no_evidence() -> None:
    """The count of 24 hours is the ordinary one, that of 10 minutes is not."""
    given = {"card_count_24h": 0.3, "card_count_10m": 0.1}
    assert _told(_reasons(given, card_count_10m=3.0)) == [("velocity", "card_count_10m")]


def test_a_column_with_hardly_a_part_does_not_speak_for_its_code() -> None:
    given = {"card_count_24h": 0.3, "card_count_10m": 0.001}
    assert _told(_reasons(given, card_count_10m=3.0)) == [(COMBINATION, "card_count_24h")]


def test_the_next_code_takes_the_place_of_one_without_evidence() -> None:
    """Missing, at its usual, on the side that speaks for the payment: none is told."""
    given = {
        "card_new_device_30d": 0.5,
        "card_from_home_km": 0.4,
        "card_new_merchant_30d": 0.3,
        "card_count_1h": 0.2,
    }
    found = _reasons(
        given,
        card_new_device_30d=math.nan,
        card_from_home_km=2.0,
        card_new_merchant_30d=0.0,
        **BUSY,
    )
    assert _told(found) == [("velocity", "card_count_1h")]


def test_an_alert_says_a_thing_once() -> None:
    """The mean of a single payment is its amount, which another code may tell too."""
    given = {"card_mean_1h": 0.3, "card_amount_to_usual_30d": 0.2, "card_sum_24h": 0.1}
    amounts = {
        "amount": 2.0,
        "card_mean_1h": 2.0,
        "card_mean_30d": 50.0,
        "card_usual_amount_30d": 40.0,
        "card_amount_to_usual_30d": 0.05,
    }
    assert _told(_reasons(given, **amounts)) == [("spending", "card_mean_1h")]


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
    given = {"card_count_1h": 0.5, "hour_of_day": -0.4, "card_new_merchant_30d": 0.02}
    found = _reasons(given, card_new_merchant_30d=1.0, **BUSY)
    assert [one.code for one in found] == ["velocity"]


def test_three_at_most() -> None:
    names = ("card_count_1h", "card_sum_24h", "hour_of_day", "card_new_merchant_30d")
    found = _reasons(dict.fromkeys(names, 0.1), card_new_merchant_30d=1.0, **BUSY)
    assert len(found) == REASONS


def test_a_combination_names_the_two_strongest_values() -> None:
    """Of two codes, and only of values that are there; the contribution is that of all."""
    given = {
        "card_new_device_30d": 0.4,
        "card_count_24h": 0.3,
        "card_count_7d": 0.2,
        "card_from_home_km": 0.1,
        "hour_of_day": -0.2,
    }
    [found] = _reasons(given, card_from_home_km=4.0)
    assert (found.code, found.feature, found.value) == (COMBINATION, "card_count_24h", 2.0)
    assert found.normal is None
    assert found.contribution == pytest.approx(0.8)
    assert found.sentence == (
        "No single value is unusual; a combination made the score, mostly the payments of this "
        "card in 24 hours (2) and the distance from where this card usually pays (4 km)."
    )


@pytest.mark.parametrize("given", [{}, {"amount": -0.1, "card_count_1h": -0.2}])
def test_an_alert_is_never_without_a_reason(given: dict[str, float]) -> None:
    """A threshold below the base raises alerts that nothing raised."""
    assert [one.code for one in _reasons(given, **BUSY)] == [COMBINATION]


def test_an_alert_without_any_known_value_says_so() -> None:
    manifest = shipped().manifest
    positions = [PLACES[name] for name in manifest.feature_names]
    explainer = Explainer(_Given({"amount": 0.2}), positions, FEATURE_NAMES, manifest)
    nothing = np.full(len(FEATURE_NAMES), np.nan, dtype=np.float32)
    [found] = explainer.explain(nothing, payment(), "EUR").reasons
    assert (found.code, found.value) == (COMBINATION, None)
    assert found.sentence.endswith("mostly values that are missing.")


def test_reasons_of_the_shipped_bundle_come_from_its_contributions() -> None:
    bundle = shipped()
    values = values_of(card_count_10m=9.0, card_count_1h=9.0, amount=900.0)
    found = bundle.explainer.explain(values, payment(), "EUR").reasons
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
    assert found == bundle.explainer.explain(values.copy(), payment(), "EUR").reasons
