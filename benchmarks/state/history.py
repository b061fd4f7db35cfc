"""Cost of a long history: bytes and CPU of one entity over its payments, in this process.

The payments of an entity are spread evenly over the thirty days of the longest window, so all of
them are in its state. The kernels are compiled first; the crossing into Flink's state is not here.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import Any, Final

from events.transaction import Transaction
from features import warm_up
from features.money.shipped import SHIPPED
from scoring.path import REFUSALS, Entity, payment_path

POINTS: Final = (1, 3, 10, 30, 100, 300, 1_000, 3_000)
_MONTH_MS: Final = 30 * 86_400_000
_START_MS: Final = 1_750_000_000_000
_GAP_MS: Final = 60_000
_CALLS, _ROUNDS = 200, 9
_KEY: Final = "the entity"


@dataclass(frozen=True)
class HistoryCost:
    """An entity at its n-th payment: bytes of its state after it, CPU us of the step, the median.

    `compacted`: part of the history is in buckets.
    """

    entity: str
    payments: int
    state_bytes: int
    step_us: float
    compacted: bool


@dataclass(frozen=True)
class Compaction:
    """The first payment of an entity that puts part of its history into buckets, and its CPU us."""

    entity: str
    payment: int
    step_us: float


def _payment(number: int, at_ms: int) -> Transaction:
    return Transaction(
        transaction_id=f"p{number}",
        card_id="card",
        timestamp_ms=at_ms,
        amount_minor=1_000 + number % 97,
        currency="EUR",
        merchant_id=f"merchant-{number % 20}",
        city=f"city-{number % 5}",
        country="AT",
        lat=48.2,
        lon=16.4,
        device_id=f"device-{number % 2}",
    )


ENTITIES: Final = payment_path(SHIPPED).entities


def measure_history(points: tuple[int, ...] = POINTS) -> list[HistoryCost]:
    """Return the cost at each number of payments, for cards and merchants."""
    warm_up()
    return [_at(entity, count) for entity in ENTITIES for count in points]


def first_compactions() -> list[Compaction]:
    """Find the payment at which each entity's history is first compacted, and time that step."""
    warm_up()
    return [_first_compaction(entity) for entity in ENTITIES]


def _at(entity: Entity[Any], payments: int) -> HistoryCost:
    gap_ms = _MONTH_MS // payments
    *earlier, last = (_payment(n, _START_MS + n * gap_ms) for n in range(payments))
    states: dict[str, bytes] = {}
    entity.advance(earlier, [_KEY] * len(earlier), states)
    us = _timed_us(entity, states, last)
    (step,) = entity.advance((last,), (_KEY,), states)
    assert not isinstance(step, REFUSALS)
    return HistoryCost(entity.name, payments, len(states[_KEY]), us, step.compacted)


def _first_compaction(entity: Entity[Any]) -> Compaction:
    states: dict[str, bytes] = {}
    number = 0
    while True:
        payment, before = _payment(number, _START_MS + number * _GAP_MS), dict(states)
        (step,) = entity.advance((payment,), (_KEY,), states)
        number += 1
        assert not isinstance(step, REFUSALS)
        if step.compacted:
            return Compaction(entity.name, number, _timed_us(entity, before, payment))


def _timed_us(entity: Entity[Any], states: dict[str, bytes], payment: Transaction) -> float:
    """Return the CPU us of one step, the median of rounds over the same states."""
    gc.collect()
    gc.disable()
    try:
        return round(
            statistics.median(_round_us(entity, states, payment) for _ in range(_ROUNDS)), 2
        )
    finally:
        gc.enable()


def _round_us(entity: Entity[Any], states: dict[str, bytes], payment: Transaction) -> float:
    start_ns = time.thread_time_ns()
    for _ in range(_CALLS):
        entity.advance((payment,), (_KEY,), {**states})
    return (time.thread_time_ns() - start_ns) / 1000 / _CALLS
