"""Time of each step of a payment in plain Python, in this process.

The job adds to it what Flink and the crossings into the interpreter take; see docs/performance.md.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from events.alert import encode_alert
from events.decision import Decision, encode_decision
from events.levels import LOW
from events.transaction import Transaction, receive_transaction
from features import warm_up
from harness.load import Load
from producer.stream.records import Record
from scoring.answer import Rows, feature_rows, model_input
from scoring.decision.decide import alert, decide
from scoring.loader import Bundle
from scoring.messages import ScoringRequest, pack, unpack_hand_over
from scoring.path import Entity, payment_path, visit
from scoring.steps import Received, first_request, next_request, walk

_NOW_MS = 1_800_000_000_000
_MONTH = 200_000
"""Payments of the simulation in thirty days."""

_BATCH = 64
"""Payments of a batch, where a step takes batches."""

In = TypeVar("In")
Out = TypeVar("Out")
Scored = tuple[ScoringRequest, Rows, list[list[float]]]


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
        def call_each(some: Sequence[In]) -> list[Out]:
            return [call(one) for one in some]

        return self._run(stage, step, call_each, [inputs], len(inputs))

    def run_batches(
        self, stage: str, step: str, call: Callable[[Sequence[In]], list[Out]], inputs: Sequence[In]
    ) -> list[Out]:
        """Run a step that takes batches of inputs."""
        return self._run(stage, step, call, _batches(inputs), len(inputs))

    def _run(
        self,
        stage: str,
        step: str,
        call: Callable[[Sequence[In]], list[Out]],
        batches: Sequence[Sequence[In]],
        count: int,
    ) -> list[Out]:
        start = time.thread_time_ns()
        made = [call(batch) for batch in batches]
        us = (time.thread_time_ns() - start) / 1000
        each = us / count if count else 0.0
        self.costs.append(StepCost(stage, step, us / self._payments, each))
        return [one for batch in made for one in batch]


class _HotPath:
    """The steps of payments, each fed with what the one before it made."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._path = payment_path(bundle.rates)
        self._states: dict[str, dict[str, bytes]] = {one.name: {} for one in self._path.entities}
        self._load = Load()
        for records in _batches(self._load.take_payments(_MONTH)):
            walk(self._path, [(_receive(one), _NOW_MS) for one in records], self._states)

    def run(self, count: int) -> list[StepCost]:
        """Time the steps over the next payments."""
        clock = _Clock(count)
        records = self._load.take_payments(count)
        first, *others = self._path.entities
        received = clock.run(first.name, "parse and validate", _receive, records)
        steps = self._visit(clock, first, [payment for payment, _ in received])
        pairs = zip(received, steps, strict=True)
        requests = [first_request(self._path, one, step, _NOW_MS) for one, step in pairs]
        before = first
        for entity in others:
            packed = clock.run(before.name, "pack the hand-over", pack, requests)
            clock.run(entity.name, "unpack the hand-over", unpack_hand_over, packed)
            steps = self._visit(clock, entity, [one.payment for one in requests])
            handed = zip(requests, steps, strict=True)
            requests = [next_request(entity, one, step) for one, step in handed]
            before = entity
        self._score(clock, before.name, requests)
        return clock.costs

    def _visit(
        self, clock: _Clock, entity: Entity[Any], payments: Sequence[Transaction]
    ) -> list[Any]:
        """Time the entity's features, a batch of payments at a time as the job has them."""
        states = self._states[entity.name]

        def steps(batch: Sequence[Transaction]) -> list[Any]:
            return visit(entity, batch, states)

        return clock.run_batches(entity.name, f"{entity.name} features", steps, payments)

    def _score(self, clock: _Clock, stage: str, requests: Sequence[ScoringRequest]) -> None:
        rows = clock.run(stage, "model input", self._input, requests)
        scores = clock.run(stage, "score", self._scores, rows)
        scored = list(zip(requests, rows, scores, strict=True))
        decisions = clock.run(stage, "decide", self._decide, scored)
        clock.run(stage, "encode the decision", encode_decision, decisions)
        pairs = zip(decisions, scored, strict=True)
        flagged = [pair for pair in pairs if pair[0].risk_level != LOW]
        clock.run(stage, "reasons and alert, where it is one", self._alert, flagged)

    def _input(self, request: ScoringRequest) -> Rows:
        return model_input(feature_rows((request,)), (request.payment,), self._bundle.attributes)

    def _scores(self, rows: Rows) -> list[list[float]]:
        found: list[list[float]] = self._bundle.scorer.outputs(rows).T.tolist()
        return found

    def _decide(self, scored: Scored) -> Decision:
        request, rows, scores = scored
        manifest, policy = self._bundle.manifest, self._bundle.policy
        return decide((request,), rows, scores, manifest, policy, _NOW_MS)[0]

    def _alert(self, flagged: tuple[Decision, Scored]) -> bytes:
        decision, (request, rows, _) = flagged
        told = self._bundle.explainer.explain(rows[0], request.payment, request.reference_currency)
        return encode_alert(alert(decision, request, told))


def _batches(inputs: Sequence[In]) -> list[Sequence[In]]:
    return [inputs[at : at + _BATCH] for at in range(0, len(inputs), _BATCH)]


def _receive(record: Record) -> Received:
    return receive_transaction(record.value, record.key, _NOW_MS)
