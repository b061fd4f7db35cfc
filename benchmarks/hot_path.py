"""Time of each step of a payment in plain Python, in this process.

The job adds to it what Flink and the crossings into the interpreter take; see docs/performance.md.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from events.alert import encode_alert
from events.decision import Decision, encode_decision
from events.transaction import Transaction, parse_transaction
from features import warm_up
from features.card import transition as card
from features.card.transition import CardStep
from features.merchant import transition as merchant
from harness.load import Load
from producer.stream.records import Record
from scoring.answer import Row, model_input
from scoring.decision.decide import alert, decide
from scoring.loader import Bundle
from scoring.messages import CardResult, ScoringRequest, pack, unpack_hand_over

_NOW_MS = 1_800_000_000_000
_MONTH = 200_000
"""Payments of the simulation in thirty days."""

In = TypeVar("In")
Out = TypeVar("Out")
Scored = tuple[ScoringRequest, Row, tuple[float, ...]]


@dataclass(frozen=True)
class StepCost:
    """One step, and its mean CPU time in us, the median over runs.

    ``us`` is for a payment; ``each_us`` for one that takes the step, since few are an alert.
    """

    stage: str
    step: str
    us: float
    each_us: float


def measure_hot_path(bundle: Bundle, payments: int = 20_000, rounds: int = 5) -> list[StepCost]:
    """Time every step over `payments` after a month, when cards have their history.

    Each step runs over all payments before the next one does, so that a loop is timed and not the
    clock. The collector is off: it would look through all that the loops have made, which a job
    does not keep.
    """
    warm_up()
    path = _HotPath(bundle)
    gc.collect()
    gc.disable()
    try:
        runs = [path.run(payments) for _ in range(rounds)]
    finally:
        gc.enable()
    return [
        StepCost(
            costs[0].stage,
            costs[0].step,
            statistics.median(one.us for one in costs),
            statistics.median(one.each_us for one in costs),
        )
        for costs in zip(*runs, strict=True)
    ]


class _Clock:
    """Runs a step over all its inputs and notes the CPU time that it took for each payment."""

    def __init__(self, payments: int) -> None:
        self._payments = payments
        self.costs: list[StepCost] = []

    def run(
        self, stage: str, step: str, call: Callable[[In], Out], inputs: Sequence[In]
    ) -> list[Out]:
        start = time.thread_time_ns()
        made = [call(one) for one in inputs]
        us = (time.thread_time_ns() - start) / 1000
        each = us / len(inputs) if inputs else 0.0
        self.costs.append(StepCost(stage, step, us / self._payments, each))
        return made


class _HotPath:
    """The steps of payments, each fed with what the one before it made."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._cards: dict[str, bytes] = {}
        self._merchants: dict[str, bytes] = {}
        self._load = Load()
        for record in self._load.take_payments(_MONTH):
            payment = _parse((record.value, record.key))
            self._card(payment)
            self._merchant(payment)

    def run(self, count: int) -> list[StepCost]:
        """Time the steps over the next payments."""
        clock = _Clock(count)
        results = self._card_stage(clock, self._load.take_payments(count))
        self._merchant_stage(clock, results)
        return clock.costs

    def _card_stage(self, clock: _Clock, records: list[Record]) -> list[CardResult]:
        pairs = [(one.value, one.key) for one in records]
        payments = clock.run("card", "parse and validate", _parse, pairs)
        steps = clock.run("card", "card features", self._card, payments)
        results = list(map(_result, payments, records, steps))
        packed = clock.run("card", "pack the hand-over", pack, results)
        clock.run("merchant", "unpack the hand-over", unpack_hand_over, packed)
        return results

    def _merchant_stage(self, clock: _Clock, results: list[CardResult]) -> None:
        payments = [one.payment for one in results]
        steps = clock.run("merchant", "merchant features", self._merchant, payments)
        requests = list(map(_request, results, steps))
        rows = clock.run("merchant", "model input", self._input, requests)
        scores = clock.run("merchant", "score", self._bundle.scorer.score_row, rows)
        scored = list(zip(requests, rows, scores, strict=True))
        decisions = clock.run("merchant", "decide", self._decide, scored)
        clock.run("merchant", "encode the decision", encode_decision, decisions)
        pairs = zip(decisions, scored, strict=True)
        flagged = [pair for pair in pairs if pair[0].risk_level != "LOW"]
        clock.run("merchant", "reasons and alert, where it is one", self._alert, flagged)

    def _card(self, payment: Transaction) -> CardStep:
        step = card.advance(self._cards.get(payment.card_id), payment)
        self._cards[payment.card_id] = step.state
        return step

    def _merchant(self, payment: Transaction) -> merchant.MerchantStep:
        step = merchant.advance(self._merchants.get(payment.merchant_id), payment)
        self._merchants[payment.merchant_id] = step.state
        return step

    def _input(self, request: ScoringRequest) -> Row:
        values = np.frombuffer(request.features, dtype=np.float32)
        return model_input(values, request.payment, self._bundle.attributes)

    def _decide(self, scored: Scored) -> Decision:
        request, values, scores = scored
        return decide(request, values, scores, self._bundle.manifest, _NOW_MS)

    def _alert(self, flagged: tuple[Decision, Scored]) -> bytes:
        decision, (request, values, _) = flagged
        told = self._bundle.explainer.explain(values, request.payment)
        return encode_alert(alert(decision, request, told))


def _parse(record: tuple[bytes, bytes]) -> Transaction:
    return parse_transaction(*record, _NOW_MS)


def _result(payment: Transaction, record: Record, step: CardStep) -> CardResult:
    return CardResult(
        payment=payment,
        original=record.value,
        features=step.values.tobytes(),
        sequence=step.sequence,
        late=step.late,
        compacted=step.compacted,
        received_ms=_NOW_MS,
    )


def _request(result: CardResult, step: merchant.MerchantStep) -> ScoringRequest:
    return ScoringRequest(
        payment=result.payment,
        original=result.original,
        features=result.features + step.values.tobytes(),
        card_sequence=result.sequence,
        merchant_sequence=step.sequence,
        flags=[],
        received_ms=result.received_ms,
    )
