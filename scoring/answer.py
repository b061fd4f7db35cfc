"""From complete requests to the bytes that go to Kafka: one way, for batches of every size."""

import time
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from events.alert import encode_alert
from events.decision import Decision, encode_decision
from events.levels import LOW, RiskLevel
from events.transaction import Transaction
from scoring.decision.decide import alert, decide
from scoring.decision.policy import Verdict
from scoring.loader import Bundle
from scoring.messages import ScoringRequest

Row = npt.NDArray[np.float32]
Rows = npt.NDArray[np.float32]

_FLOAT_BYTES: Final = 4
_payment_of: Final = attrgetter("payment")

Clock = Callable[[], int]
"""Nanoseconds since 1970-01-01 UTC, as `time.time_ns`."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """An encoded decision with its time, and an encoded alert where the decision is one."""

    level: RiskLevel
    decision: bytes
    alert: bytes | None
    decided_ms: int


def answer_batch(
    requests: Sequence[ScoringRequest], bundle: Bundle, clock: Clock = time.time_ns
) -> list[Answer]:
    """Score complete requests and return the answer to each, in their order.

    The same bits for every size of a batch. The clock is read once, behind the scores. Nothing is
    kept of a batch, so that one that raises can be answered again, request by request.
    """
    if not requests:
        return []
    values = feature_rows(requests)
    inputs = model_input(values, map(_payment_of, requests), bundle.attributes)
    scores = bundle.scorer.outputs(inputs)
    decided_ms = clock() // 1_000_000
    return answer_scored(requests, values, scores.T.tolist(), bundle, decided_ms)


def feature_rows(requests: Sequence[ScoringRequest]) -> Rows:
    """Return the features of complete requests, one or more, as float32[n, f]."""
    packed = b"".join([request.features for request in requests])
    count = len(requests)
    return np.ndarray((count, len(packed) // (count * _FLOAT_BYTES)), np.float32, packed)


def model_input(values: Rows, payments: Iterable[Transaction], attributes: Sequence[str]) -> Rows:
    """Return the features of payments, float32[n, f], and behind them what else the model reads.

    ``attributes`` names what a payment carries beside its fields; an absent one is NaN.
    """
    if not attributes:
        return values
    carried = [payment.attributes for payment in payments]
    extra = [[each.get(name, np.nan) for name in attributes] for each in carried]
    return np.hstack([values, np.array(extra, dtype=np.float32)])


def answer_scored(
    requests: Sequence[ScoringRequest],
    values: Rows,
    scores: Sequence[Sequence[float]],
    bundle: Bundle,
    decided_ms: int,
) -> list[Answer]:
    """Return the answers to requests that have been scored; see `scoring.decision.decide`."""
    verdicts = bundle.policy.judge(requests, values, scores)
    decisions = _decided(requests, values, scores, verdicts, bundle, decided_ms)
    answers = []
    for request, row, decision in zip(requests, values, decisions, strict=True):
        level = decision.risk_level
        raised = None if level == LOW else _alert(request, row, decision, bundle)
        answers.append(Answer(level, encode_decision(decision), raised, decided_ms))
    return answers


def alerts_of(
    requests: Sequence[ScoringRequest],
    values: Rows,
    scores: Sequence[Sequence[float]],
    verdicts: Sequence[Verdict],
    bundle: Bundle,
    decided_ms: int,
) -> list[bytes]:
    """Return the encoded alerts for requests that have been judged to be alerts."""
    decisions = _decided(requests, values, scores, verdicts, bundle, decided_ms)
    return [
        _alert(request, row, decision, bundle)
        for request, row, decision in zip(requests, values, decisions, strict=True)
    ]


def _decided(
    requests: Sequence[ScoringRequest],
    values: Rows,
    scores: Sequence[Sequence[float]],
    verdicts: Sequence[Verdict],
    bundle: Bundle,
    decided_ms: int,
) -> list[Decision]:
    manifest, policy = bundle.manifest, bundle.policy
    return decide(requests, values, scores, verdicts, manifest, policy, decided_ms)


def _alert(request: ScoringRequest, row: Row, decision: Decision, bundle: Bundle) -> bytes:
    """Return the encoded alert for a decision, with the reasons for its score."""
    [inputs] = model_input(row[None], (request.payment,), bundle.attributes)
    told = bundle.explainer.explain(inputs, request.payment, request.reference_currency)
    return encode_alert(alert(decision, request, told))
