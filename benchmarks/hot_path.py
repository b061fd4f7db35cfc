"""Where each microsecond of a payment goes: every step in plain Python, in this process.

The job adds to it what Flink and the crossings into the interpreter take; see docs/performance.md.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from benchmarks.load import Load
from events.transaction import Transaction, parse_transaction
from features import card, merchant, warm_up
from features.card import CardStep
from jobs.hand_over import CardResult
from jobs.hand_over import pack as pack_hand_over
from jobs.hand_over import unpack as unpack_hand_over
from udfs.answer import Answer, Row, answer, model_input
from udfs.bundle import Bundle
from udfs.request import ScoringRequest

_NOW_MS = 1_800_000_000_000
_MONTH = 290_000
"""Payments of the simulation in thirty days."""

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class StepCost:
    """One step of a payment, and what it takes: the mean over a run, the median over runs."""

    step: str
    stage: str
    us: float


def measure_hot_path(bundle: Bundle, payments: int = 20_000, rounds: int = 5) -> list[StepCost]:
    """Time every step over the last `payments` of a month, whose cards have their history.

    Each step is run over all payments before the next one is, so that one loop is timed and not
    the clock.
    """
    warm_up()
    path = _HotPath(bundle, payments)
    runs = [path.run() for _ in range(rounds)]
    return [
        StepCost(one.step, one.stage, statistics.median(run[place].us for run in runs))
        for place, one in enumerate(runs[0])
    ]


class _HotPath:
    """The steps of n payments, each fed with what the one before it made."""

    def __init__(self, bundle: Bundle, payments: int) -> None:
        self._bundle = bundle
        self._cards: dict[str, bytes] = {}
        self._merchants: dict[str, bytes] = {}
        self._load = Load()
        self._count = payments
        for record in self._load.take_payments(_MONTH):
            self._advance_both(parse_transaction(record.value, record.key, _NOW_MS))

    def _advance_both(self, payment: Transaction) -> None:
        self._card(payment)
        self._merchant(payment)

    def run(self) -> list[StepCost]:
        """Time the steps over the next payments."""
        costs: list[StepCost] = []

        def timed(
            step: str, stage: str, call: Callable[[In], Out], inputs: Iterable[In]
        ) -> list[Out]:
            given = list(inputs)
            start = time.perf_counter_ns()
            made = [call(one) for one in given]
            us = (time.perf_counter_ns() - start) / 1000 / len(given)
            costs.append(StepCost(step, stage, us))
            return made

        records = [(one.value, one.key) for one in self._load.take_payments(self._count)]
        payments = timed(
            "parse and validate", "card", lambda r: parse_transaction(*r, _NOW_MS), records
        )
        cards = timed("card features", "card", self._card, payments)
        results = [
            _result(payment, value, step)
            for payment, (value, _), step in zip(payments, records, cards, strict=True)
        ]
        packed = timed("pack the hand-over", "card", pack_hand_over, results)
        timed("unpack the hand-over", "merchant", unpack_hand_over, packed)
        merchants = timed("merchant features", "merchant", self._merchant, payments)
        requests = [_request(result, step) for result, step in zip(results, merchants, strict=True)]
        rows = timed("model input", "merchant", self._input, requests)
        scores = timed(
            "score: forest and XGBoost in ONNX", "merchant", self._bundle.scorer.score_row, rows
        )
        timed(
            "decide and encode",
            "merchant",
            self._answer,
            list(zip(requests, rows, scores, strict=True)),
        )
        return costs

    def _card(self, payment: Transaction) -> CardStep:
        step = card.advance(self._cards.get(payment.card_id), payment)
        self._cards[payment.card_id] = step.state
        return step

    def _merchant(self, payment: Transaction) -> merchant.MerchantStep:
        state = self._merchants.get(payment.merchant_id)
        step = merchant.advance(state, payment.timestamp_ms, payment.amount_minor, payment.currency)
        self._merchants[payment.merchant_id] = step.state
        return step

    def _input(self, request: ScoringRequest) -> Row:
        values = np.frombuffer(request.features, dtype=np.float32)
        return model_input(values, request.payment, self._bundle.attributes)

    def _answer(self, scored: tuple[ScoringRequest, Row, tuple[float, ...]]) -> Answer:
        request, values, scores = scored
        return answer(request, values, scores, self._bundle, _NOW_MS)


def _result(payment: Transaction, original: bytes, step: CardStep) -> CardResult:
    return CardResult(
        payment=payment,
        original=original,
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
