"""A policy makes the level; the decision and the alert say which policy, and what decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from events.alert import decode_alert
from events.decision import Decision, decode_decision, encode_decision
from events.levels import HIGH, LOW
from scoring.answer import answer_batch, answer_scored
from scoring.decision.policy import ThresholdPolicy, Verdict
from scoring.messages import ScoringRequest
from tests.unit.features.factories import NOON_MS
from tests.unit.scoring.scene import first_payment, shipped, small_stream
from verify.parity.compare import compare

NEW = {"policy", "policy_version", "decided_by", "tags"}


class EveryPaymentIsHigh:
    """A rule of no use but to be told from the thresholds."""

    name = "rules"
    version = "7"

    def judge(
        self,
        requests: Sequence[ScoringRequest],
        values: npt.NDArray[np.float32],
        scores: Sequence[Sequence[float]],
    ) -> list[Verdict]:
        """Raise the level whatever the score is, and mark the payment's currency."""
        assert len(values) == len(scores) == len(requests)
        return [Verdict(HIGH, "rule:every-payment", (one.payment.currency,)) for one in requests]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_thresholds_of_the_bundle_are_a_policy(place: int) -> None:
    """Each level names the threshold that made it, and the bundle is the version."""
    thresholds = shipped().manifest.thresholds
    probability = (0.0, thresholds.medium, thresholds.high)[place]
    level = ("LOW", "MEDIUM", "HIGH")[place]
    request, values = first_payment()
    members = [0.5] * len(shipped().manifest.members)
    scores = [[probability, *members]]
    [found] = answer_scored([request], values[None], scores, shipped(), NOON_MS)
    made = decode_decision(found.decision)
    assert (made.risk_level, made.decided_by) == (level, f"threshold:{level.lower()}")
    assert (made.policy, made.policy_version, made.tags) == ("thresholds", made.model, [])
    assert (found.alert is None) == (level == "LOW")
    if found.alert is not None:
        raised = decode_alert(found.alert)
        assert (raised.policy, raised.decided_by) == (made.policy, made.decided_by)


def test_another_policy_takes_the_place_of_the_thresholds() -> None:
    """Nothing else is told of it: the decision and its alert carry what it said."""
    bundle = replace(shipped(), policy=EveryPaymentIsHigh())
    request, _ = first_payment()
    for found in answer_batch([request, request], bundle):
        made = decode_decision(found.decision)
        assert found.level == made.risk_level == HIGH and found.alert is not None
        raised = decode_alert(found.alert)
        for each in (made, raised):
            assert (each.policy, each.policy_version) == ("rules", "7")
            assert (each.decided_by, each.tags) == ("rule:every-payment", ["EUR"])
    [calm] = answer_batch([request], shipped())
    quiet = decode_decision(calm.decision)
    assert quiet.risk_level == LOW and quiet.probability == made.probability


def test_the_verdict_does_not_depend_on_anything_but_its_arguments() -> None:
    request, values = first_payment()
    policy = ThresholdPolicy(shipped().manifest)
    assert policy.judge([request], values[None], [[0.9]]) == policy.judge(
        [request], values[None], [[0.9]]
    )


def older(decision: Decision) -> bytes:
    """Return a decision as a release wrote it that named no policy."""
    fields = json.loads(encode_decision(decision))
    return json.dumps({name: fields[name] for name in fields if name not in NEW}).encode()


def test_a_decision_without_a_policy_is_still_read() -> None:
    """Parity compares it like any other."""
    stream = small_stream(12)
    decisions = [decode_decision(older(each)) for each in stream.decisions]
    assert {(each.policy, each.policy_version, each.decided_by) for each in decisions} == {
        (None, None, None)
    }
    assert compare(replace(stream, decisions=decisions), shipped()).equal


def test_a_reader_that_knows_no_policy_reads_on() -> None:
    """The version of the schema stays, because fields are only added."""
    known = Decision.__struct_fields__
    reader = msgspec.defstruct("Older", [one for one in known if one not in NEW | {"sequences"}])
    written = encode_decision(small_stream(1).decisions[0])
    read: Any = msgspec.json.decode(written, type=reader)
    assert (read.risk_level, read.schema_version) == ("LOW", 1)
