"""Decisions and alerts carry what was scored, under the level that the thresholds say."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from events.alert import decode_alert
from events.decision import decision_features, decode_decision
from scoring.answer import answer_scored, model_input
from scoring.decision.decide import alert, decide
from scoring.decision.policy import risk_level
from scoring.reasons.explain import Explanation
from tests.unit.scoring.scene import first_payment, shipped

THRESHOLDS = msgspec.structs.replace(shipped().manifest.thresholds, medium=0.25, high=0.75)


@pytest.mark.parametrize(
    ("probability", "level"),
    [
        (0.0, "LOW"),
        (0.2499, "LOW"),
        (0.25, "MEDIUM"),
        (0.7499, "MEDIUM"),
        (0.75, "HIGH"),
        (1, "HIGH"),
    ],
)
def test_a_threshold_belongs_to_the_level_it_opens(probability: float, level: str) -> None:
    assert risk_level(probability, THRESHOLDS) == level


def test_a_decision_holds_the_payment_and_its_features_bit_for_bit() -> None:
    request, values = first_payment()
    bundle = shipped()
    rows = values[None]
    scores = bundle.scorer.outputs(
        model_input(rows, [request.payment], bundle.attributes)
    ).T.tolist()
    [made] = answer_scored([request], rows, scores, bundle, 7)
    found = decode_decision(made.decision)
    assert np.array_equal(decision_features(found), values, equal_nan=True)
    assert bytes(found.payment) == request.original
    assert [found.probability, *found.model_scores.values()] == scores[0]
    assert list(found.model_scores) == [member.name for member in bundle.manifest.members]
    assert (found.decided_ms, found.model) == (7, bundle.manifest.model)


def test_an_alert_comes_with_a_high_score_only() -> None:
    request, values = first_payment()
    bundle = shipped()
    members = [1.0] * len(bundle.manifest.members)
    rows = values[None]
    [raised] = answer_scored([request], rows, [[1.0, *members]], bundle, 7)
    assert raised.level == "HIGH" and raised.alert is not None
    found = decode_alert(raised.alert)
    assert found.transaction_id == request.payment.transaction_id
    [row] = model_input(rows, [request.payment], bundle.attributes)
    told = bundle.explainer.explain(row, request.payment, request.reference_currency)
    assert (found.contributions, found.contribution_base) == (told.contributions, told.base)
    [quiet] = answer_scored([request], rows, [[0.0, *members]], bundle, 7)
    assert (quiet.level, quiet.alert) == ("LOW", None)


def test_a_low_decision_is_refused_as_an_alert() -> None:
    request, values = first_payment()
    members = [0.0] * len(shipped().manifest.members)
    bundle, scores = shipped(), [[0.0, *members]]
    verdicts = bundle.policy.judge([request], values[None], scores)
    [low] = decide([request], values[None], scores, verdicts, bundle.manifest, bundle.policy, 7)
    with pytest.raises(ValueError, match="LOW decision is no alert"):
        alert(low, request, Explanation([], {}, 0.0))


def test_attributes_follow_the_features() -> None:
    """An attribute that the payment lacks is missing, not zero."""
    request, values = first_payment()
    paid = msgspec.structs.replace(request.payment, attributes={"V2": 0.5})
    rows = np.stack([values, values])
    found = model_input(rows, [request.payment, paid], ("V1", "V2"))
    assert found.dtype == np.float32 and np.array_equal(found[:, :-2], rows, equal_nan=True)
    assert np.isnan(found[0, -2:]).all() and np.isnan(found[1, -2])
    assert found[1, -1] == np.float32(0.5)
    assert model_input(rows, [request.payment, paid], ()) is rows
