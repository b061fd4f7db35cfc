"""Needs of other loads, on paper: each figure by its formula from measured ones.

Everything here is an extrapolation: measured on two cores, told for hundreds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.state.backends import HEAP_OVERHEAD_BYTES, LIVE_SHARE
from features.card.state import EVENT_BYTES, HEAD_WORDS, ID_BYTES
from features.merchant.pages import ENTRY, PAGE_RECORDS, ROWS
from features.merchant.parts import SHORT_BYTES
from features.merchant.state import HEAD_WORDS as MERCHANT_HEAD_WORDS
from features.merchant.state import ROW_BYTES
from features.windows import DAY_MS, MAX_CARD_EVENTS, MAX_MERCHANT_ROWS, MERCHANT_HISTORY_MS

MAX_PARALLELISM: Final = 720
"""pipeline.max-parallelism in flink-conf/common.yaml."""

_MONTH_DAYS: Final = 30
_MERCHANT_DAYS: Final = MERCHANT_HISTORY_MS / DAY_MS
_DAY_S: Final = 86_400


@dataclass(frozen=True)
class Measured:
    """Figures that the formulas start from.

    Attributes:
        subtask_tx_per_s: Payments a second of the job at parallelism 1, warm, two TaskManagers,
            spread over all cards.
        job_cpu_us: CPU of both TaskManagers for a payment.
        broker_cpu_us: CPU of the broker for a payment, one replica.
        topic_bytes: Disk of both topics for a payment, one replica.
        restore_bytes_per_s: State that one subtask takes up in a restore, from a local disk.
        overhead_bytes: What a checkpoint holds of a card beside its packed state, not compressed.
        write_factor: What a checkpoint writes for each byte of state that a payment changes: with
            the changelog once. Flink's own count says half, which was not looked into.
        taskmanager_mb: Memory of a TaskManager with RocksDB: heap 640, managed 512, native 700.
    """

    subtask_tx_per_s: float
    job_cpu_us: float
    broker_cpu_us: float
    topic_bytes: float
    restore_bytes_per_s: float
    overhead_bytes: float = 31
    write_factor: float = 1.0
    taskmanager_mb: float = 1_900

    @classmethod
    def of(cls, run: Mapping[str, Any]) -> Measured:
        """Return the figures of one backend's run with many cards, as `bench state` records it."""
        cpu_us = run["steady"]["cpu_us_per_payment"]
        restore_s = (
            run["restore_full"]["first_decision_s"] - run["restore_empty"]["first_decision_s"]
        )
        return cls(
            subtask_tx_per_s=run["steady"]["tx_per_s"],
            job_cpu_us=cpu_us["job"],
            broker_cpu_us=cpu_us["broker"],
            topic_bytes=sum(run["topic_bytes_per_payment"].values()),
            restore_bytes_per_s=run["checkpoints"]["full_bytes"] / restore_s,
        )


@dataclass(frozen=True)
class Wanted:
    """A load: payments a second, known cards, merchants; cores so busy at most; replicas."""

    tx_per_s: int
    cards: int = 1_000_000_000
    merchants: int = 10_000_000
    busy: float = 0.7
    replicas: int = 3


@dataclass(frozen=True)
class Need:
    """One figure of a sizing, and the formula that it comes from."""

    name: str
    value: float
    unit: str
    formula: str


def card_bytes(payments_a_month: float) -> float:
    """Return the mean packed bytes of a card with so many payments in thirty days.

    Its newest day's ids are remembered; above the limit the older half is compacted, which bounds
    it.

    >>> card_bytes(60)
    1312.0
    """
    events = min(payments_a_month, float(MAX_CARD_EVENTS))
    return 8 * HEAD_WORDS + EVENT_BYTES * events + ID_BYTES * events / _MONTH_DAYS


def merchant_bytes(payments_in_history: float) -> float:
    """Return the packed bytes of a merchant with so many payments in its 68 days, at most.

    >>> merchant_bytes(100)
    2464
    """
    return 8 * MERCHANT_HEAD_WORDS + ROW_BYTES * min(payments_in_history, float(MAX_MERCHANT_ROWS))


def written_of_merchant(payments_in_history: float) -> float:
    """Return the mean bytes that a payment writes of a merchant with such a history.

    A long state is in parts: a value with the newest payments, and one page in so many payments.

    >>> written_of_merchant(100), written_of_merchant(2_000)
    (2464, 1130.6666666666667)
    """
    whole = merchant_bytes(payments_in_history)
    if whole <= SHORT_BYTES:
        return whole
    rows = min(payments_in_history, float(MAX_MERCHANT_ROWS))
    entries = ENTRY.size * rows / PAGE_RECORDS
    newest = ROW_BYTES * (ROWS.spill + ROWS.tail) / 2
    page = ROW_BYTES * (ROWS.spill + PAGE_RECORDS) / 2 / ROWS.spill
    return 8 * MERCHANT_HEAD_WORDS + entries + newest + page


def parallelism(wanted: Wanted, measured: Measured) -> int:
    """Return the least parallelism that carries the load and divides the key groups evenly.

    ValueError where the job's maximum does not carry it.
    """
    least = math.ceil(wanted.tx_per_s / (wanted.busy * measured.subtask_tx_per_s))
    if least > MAX_PARALLELISM:
        raise ValueError(
            f"{wanted.tx_per_s:,} payments a second: expected a parallelism of {MAX_PARALLELISM} "
            f"at most, got {least}. A second job with topics of its own has to take a part."
        )
    return next(p for p in range(least, MAX_PARALLELISM + 1) if MAX_PARALLELISM % p == 0)


def needs(wanted: Wanted, measured: Measured) -> Iterator[Need]:
    """Yield what a load needs, figure by figure."""
    subtasks = parallelism(wanted, measured)
    yield from _machines(wanted, measured, subtasks)
    yield from _state(wanted, measured, subtasks)
    day = wanted.tx_per_s * _DAY_S * measured.topic_bytes * wanted.replicas
    formula = "payments/s x 86,400 x bytes of both topics x replicas"
    yield Need("Kafka's disk", day / 1e12, "TB a day", formula)


def _machines(wanted: Wanted, measured: Measured, subtasks: int) -> Iterator[Need]:
    cpu_us = measured.job_cpu_us + measured.broker_cpu_us * wanted.replicas
    yield Need(
        "parallelism",
        subtasks,
        "",
        "payments/s / (busy x payments/s of a subtask), up to a divisor of 720",
    )
    yield Need("TaskManagers", 2 * subtasks, "", "2 stages x parallelism: one slot a process")
    yield Need(
        "cores",
        wanted.tx_per_s * cpu_us / 1e6 / wanted.busy,
        "",
        "payments/s x (CPU of the job + replicas x the broker's) / busy",
    )
    yield Need(
        "memory of the TaskManagers",
        2 * subtasks * measured.taskmanager_mb / 1024,
        "GiB",
        "TaskManagers x (heap + managed + native memory)",
    )


def _state(wanted: Wanted, measured: Measured, subtasks: int) -> Iterator[Need]:
    month = wanted.tx_per_s * _DAY_S * _MONTH_DAYS / wanted.cards
    card = card_bytes(month) + measured.overhead_bytes
    at_merchant = wanted.tx_per_s * _DAY_S * _MERCHANT_DAYS / wanted.merchants
    merchant = merchant_bytes(at_merchant) + measured.overhead_bytes
    cards_gb, merchants_gb = wanted.cards * card / 1e9, wanted.merchants * merchant / 1e9
    heap = wanted.cards * (card_bytes(month) + HEAP_OVERHEAD_BYTES) / LIVE_SHARE
    written = wanted.tx_per_s * (card + written_of_merchant(at_merchant)) * measured.write_factor
    restore_s = cards_gb * 1e9 / subtasks / measured.restore_bytes_per_s
    yield Need("payments of a card in 30 days", month, "", "payments/s x 30 days / cards")
    yield Need("state of a card", card, "bytes", "96 + 20 n + 8 n / 30, and Flink's own")
    yield Need("state of a merchant", merchant, "bytes", "64 + 24 n, 2,048 rows at most")
    yield Need("state of all cards", cards_gb, "GB", "cards x state of a card")
    yield Need("state of all merchants", merchants_gb, "GB", "merchants x state of a merchant")
    yield Need(
        "disk of a card stage", cards_gb / subtasks, "GB", "state of all cards / parallelism"
    )
    yield Need(
        "heap of a card stage, were it there",
        heap / subtasks / 2**30,
        "GiB",
        f"cards x (packed state + {HEAP_OVERHEAD_BYTES} bytes) / parallelism / {LIVE_SHARE}",
    )
    yield Need(
        "written by checkpoints, at most",
        written / 1e6,
        "MB/s",
        "payments/s x (a card's + what a merchant's takes); RocksDB's own files come on top",
    )
    yield Need(
        "restore of the state",
        restore_s / 60,
        "min",
        "disk of a card stage / bytes that a subtask takes up a second",
    )
