"""Time of each step of a batch of plain payments, in this process.

These are the steps of the job's two stages (jobs/stages/) for plain payments, without labels and
counters. The job adds to them what Flink and the crossings into the interpreter take; see
docs/performance.md.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from events.levels import LOW
from events.topics import TRANSACTIONS
from features import warm_up
from features.card import transition as card
from features.card.rows import PAID_KEY
from features.kernels.batch import Taken, numbered
from features.kernels.slices import Slices
from features.merchant import transition as merchant
from features.plain.payments import CARD, PlainPayments, texts_at
from features.plain.reader import Reader
from harness.load import Load
from jobs.flink_edge.records import PackedRecords
from jobs.flink_edge.wire import KafkaRecord
from producer.stream.records import Record
from scoring.answer import alerts_of
from scoring.decision.policy import Verdict
from scoring.loader import Bundle
from scoring.plain.answers import Complete, plain_inputs
from scoring.plain.decisions import DecisionWriter
from scoring.plain.hand_over import Requests, packed
from scoring.plain.warm import compile_decisions

_NOW_MS = 1_800_000_000_000
_MONTH = 200_000
"""Payments of the simulation in thirty days."""

_BATCH = 256
"""Payments of a batch: the most that the job takes by default."""

_CARD_STAGE = "card"
_MERCHANT_STAGE = "merchant"

In = TypeVar("In")
Out = TypeVar("Out")


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

    Each step runs over all batches before the next one does, so that a loop is timed and not the
    clock. The collector is off: it would look through all that the loops have made, which a job
    does not keep.
    """
    warm_up()
    compile_decisions(bundle)
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
    """Runs a step over all batches and notes the CPU time that it took for each payment."""

    def __init__(self, payments: int) -> None:
        self._payments = payments
        self.costs: list[StepCost] = []

    def run(
        self,
        stage: str,
        step: str,
        call: Callable[[In], Out],
        batches: Sequence[In],
        count: int | None = None,
    ) -> list[Out]:
        """Run a step; `count` is how many payments take it, where not all do."""
        start = time.thread_time_ns()
        made = [call(batch) for batch in batches]
        us = (time.thread_time_ns() - start) / 1000
        takers = self._payments if count is None else count
        each = us / takers if takers else 0.0
        self.costs.append(StepCost(stage, step, us / self._payments, each))
        return made


class _Read(NamedTuple):
    """Records of a batch, and the plain payments among them."""

    records: PackedRecords
    payments: PlainPayments


class _AtCards(NamedTuple):
    """Payments of a batch behind their cards."""

    read: _Read
    taken: Taken


class _Scored(NamedTuple):
    """Complete requests, and what the model says of each, float64[n, scores]."""

    requests: Complete
    scores: npt.NDArray[np.float64]


class _Decided(NamedTuple):
    """Scored requests, the policy's verdicts, and the encoded decisions."""

    scored: _Scored
    verdicts: Sequence[Verdict]
    decisions: Slices

    @property
    def raised(self) -> list[int]:
        """The places of the payments that are an alert."""
        return [place for place, one in enumerate(self.verdicts) if one.level != LOW]


class _HotPath:
    """The steps of batches, each fed with what the one before it made."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._rates = bundle.rates
        self._reader = Reader(bundle.rates)
        self._writer = DecisionWriter(
            bundle.manifest, bundle.policy, bundle.rates.reference, bundle.rates.date
        )
        self._cards: dict[str, bytes] = {}
        self._merchants: dict[str, bytes] = {}
        self._load = Load()
        for bodies in self._next(_MONTH):
            handed = self._hand_over(self._at_cards(self._read(bodies)))
            self._at_merchants(self._read_hand_over(handed))

    def run(self, count: int) -> list[StepCost]:
        """Time the steps over the next payments."""
        clock = _Clock(count)
        read = clock.run(_CARD_STAGE, "read", self._read, self._next(count))
        at_cards = clock.run(_CARD_STAGE, "card features", self._at_cards, read)
        handed = clock.run(_CARD_STAGE, "write the hand-over", self._hand_over, at_cards)
        taken = clock.run(_MERCHANT_STAGE, "read the hand-over", self._read_hand_over, handed)
        complete = clock.run(_MERCHANT_STAGE, "merchant features", self._at_merchants, taken)
        scored = clock.run(_MERCHANT_STAGE, "score", self._score, complete)
        decided = clock.run(_MERCHANT_STAGE, "write the decision", self._decide, scored)
        raised = sum(len(one.raised) for one in decided)
        step = "reasons and alert, where it is one"
        clock.run(_MERCHANT_STAGE, step, self._alerts, decided, raised)
        return clock.costs

    def _next(self, count: int) -> list[Slices]:
        """Return the next payments in batches, packed as the source packs them."""
        bodies = [_body(record) for record in self._load.take_payments(count)]
        return [Slices.of(bodies[at : at + _BATCH]) for at in range(0, count, _BATCH)]

    def _read(self, bodies: Sequence[bytes]) -> _Read:
        records = PackedRecords(bodies, TRANSACTIONS.name)
        payments = self._reader.read(records.payments)
        assert payments.is_plain.all(), "the load has plain payments only"
        return _Read(records, payments)

    def _at_cards(self, read: _Read) -> _AtCards:
        records, payments = read
        places = np.arange(len(payments.rows))
        cards = texts_at(records.payments, payments, CARD, places)
        keys, numbers = numbered([name for _, name in cards])
        payments.rows[:, PAID_KEY] = numbers
        return _AtCards(read, card.advance_rows(payments.rows, keys, self._cards, self._rates))

    def _hand_over(self, at_cards: _AtCards) -> Slices:
        (records, payments), taken = at_cards
        places = np.arange(len(payments.rows))
        return packed(
            records.payments,
            payments,
            taken.values,
            taken.sequences,
            np.zeros(len(places), np.int64),
            records.time_ms,
            records.partitions,
            records.offsets,
            places,
        )

    def _read_hand_over(self, handed: Slices) -> Complete:
        return Complete(Requests(handed), self._rates)

    def _at_merchants(self, complete: Complete) -> Complete:
        places = range(len(complete))
        keys, numbers = numbered(complete.requests.merchants)
        rows = complete.requests.merchant_rows(places, numbers)
        taken = merchant.advance_rows(rows, keys, self._merchants, self._rates)
        part, flags = slice(len(complete)), np.zeros(len(places), np.int64)
        complete.visited(part, taken.values, taken.sequences, flags)
        return complete

    def _score(self, complete: Complete) -> _Scored:
        inputs = plain_inputs(complete, self._bundle.attributes)
        return _Scored(complete, self._bundle.scorer.outputs(inputs).T.astype(np.float64))

    def _decide(self, scored: _Scored) -> _Decided:
        complete, scores = scored
        verdicts = self._bundle.policy.judge(complete, complete.values, scores.tolist())
        decisions = self._writer.decisions(
            complete.requests,
            complete.values,
            scores,
            complete.sequences,
            complete.flags,
            verdicts,
            _NOW_MS,
        )
        return _Decided(scored, verdicts, decisions)

    def _alerts(self, decided: _Decided) -> list[bytes]:
        """Return the alerts of a batch."""
        (complete, scores), raised = decided.scored, decided.raised
        if not raised:
            return []
        return alerts_of(
            [complete[place] for place in raised],
            complete.values[raised],
            scores[raised].tolist(),
            [decided.verdicts[place] for place in raised],
            self._bundle,
            _NOW_MS,
        )


def _body(record: Record) -> bytes:
    return KafkaRecord(TRANSACTIONS.name, 0, 0, _NOW_MS, record.key, record.value).pack()
