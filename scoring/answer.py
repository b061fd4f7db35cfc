"""From a request and its scores to the bytes that go to Kafka: the same for both profiles."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from events.alert import encode_alert
from events.decision import encode_decision
from events.levels import LOW, RiskLevel
from events.transaction import Transaction
from scoring.decision.decide import alert, decide
from scoring.loader import Bundle
from scoring.messages import ScoringRequest

Row = npt.NDArray[np.float32]


Clock = Callable[[], int]
"""Nanoseconds since 1970-01-01 UTC, as `time.time_ns`."""


class Answer(NamedTuple):
    """An encoded decision with its time, and an encoded alert where the decision is one."""

    level: RiskLevel
    decision: bytes
    alert: bytes | None
    decided_ms: int


def model_input(values: Row, payment: Transaction, attributes: Sequence[str]) -> Row:
    """Return the features and behind them the attributes that the model reads, NaN if absent."""
    if not attributes:
        return values
    extra = [payment.attributes.get(name, np.nan) for name in attributes]
    return np.concatenate([values, np.array(extra, dtype=np.float32)])


def answer_batch(
    requests: Sequence[ScoringRequest], bundle: Bundle, clock: Clock = time.time_ns
) -> list[Answer]:
    """Score complete requests at once and return the answer to each, in their order.

    The same bits for every size of a batch. The clock is read once, behind the scores.
    """
    if not requests:
        return []
    rows = [np.frombuffer(request.features, dtype=np.float32) for request in requests]
    inputs = [
        model_input(row, request.payment, bundle.attributes)
        for row, request in zip(rows, requests, strict=True)
    ]
    scores = bundle.scorer.score(np.stack(inputs))
    table = np.column_stack([scores.probability, *scores.models.values()]).tolist()
    decided_ms = clock() // 1_000_000
    return [
        answer(request, row, found, bundle, decided_ms)
        for request, row, found in zip(requests, rows, table, strict=True)
    ]


def answer_one(request: ScoringRequest, bundle: Bundle, clock: Clock = time.time_ns) -> Answer:
    """Score one complete request, as `answer_batch` does a batch of one, by the shorter way."""
    values = np.frombuffer(request.features, dtype=np.float32)
    scores = bundle.scorer.score_row(model_input(values, request.payment, bundle.attributes))
    return answer(request, values, scores, bundle, clock() // 1_000_000)


def answer(
    request: ScoringRequest, values: Row, scores: Sequence[float], bundle: Bundle, decided_ms: int
) -> Answer:
    """Return the answer to a request that has been scored; see `scoring.decision.decide.decide`."""
    decision = decide(request, values, scores, bundle.manifest, bundle.policy, decided_ms)
    encoded = encode_decision(decision)
    if decision.risk_level == LOW:
        return Answer(LOW, encoded, None, decided_ms)
    row = model_input(values, request.payment, bundle.attributes)
    told = bundle.explainer.explain(row, request.payment, request.reference_currency)
    raised = encode_alert(alert(decision, request, told))
    return Answer(decision.risk_level, encoded, raised, decided_ms)
