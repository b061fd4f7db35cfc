"""Payments a second and CPU for a payment, from the times of the decisions themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import msgspec

from events.levels import LOW
from events.topics import DECISIONS
from harness.cpu import CpuMeter
from harness.errors import BenchmarkError
from harness.job import Progress, RunningJob
from harness.offsets import read, wait_until_settled
from harness.rates import SLICES, median_rate, slice_rates
from stack.clients.readable import readable

_TAIL = 0.05
"""Share of the measured payments that is left out where nothing waits behind them."""


class DecisionTime(msgspec.Struct, frozen=True, gc=False):
    """Interface of a decision, as a measurement needs it."""

    transaction_id: str
    card_id: str
    decided_ms: int
    risk_level: str


decode_time = msgspec.json.Decoder(DecisionTime).decode


@dataclass(frozen=True)
class Throughput:
    """One warm run. Rates in payments a second, CPU in us for a payment by group of processes."""

    payments: int
    lost: int
    doubled: int
    cards: int
    alerts: int
    tx_per_s: float
    mean_tx_per_s: float
    slices_tx_per_s: list[float]
    cpu_us_per_payment: dict[str, float]


def measure_throughput(
    job: RunningJob, waiting: int, warm_up: int, payments: int, progress: Progress
) -> Throughput:
    """Let the job decide the payments that wait; measure `payments` behind the first `warm_up`.

    The measured stretch is cut by the times in the decisions, and every decision is read,
    committed: of those waiting none may be lost or doubled.
    """
    with CpuMeter(job.pids) as meter:
        job.wait_for_decisions(waiting, progress)
    progress("reading the committed decisions")
    decisions = read_decisions(job)
    counts = Counter(one.transaction_id for one in decisions)
    times_ms = sorted(one.decided_ms for one in decisions)
    # At the end some partitions run dry before others.
    last = min(warm_up + payments, len(times_ms) - round(_TAIL * payments))
    measured = times_ms[warm_up:last]
    if len(measured) <= SLICES:
        raise BenchmarkError(f"{len(measured)} payments are left to measure: give more --payments.")
    seconds = meter.between(measured[0], measured[-1])
    return Throughput(
        payments=waiting,
        lost=waiting - len(counts),
        doubled=len(decisions) - len(counts),
        cards=len({one.card_id for one in decisions}),
        alerts=sum(one.risk_level != LOW for one in decisions),
        tx_per_s=median_rate(measured),
        mean_tx_per_s=slice_rates(measured, slices=1)[0],
        slices_tx_per_s=[round(rate, 1) for rate in slice_rates(measured)],
        cpu_us_per_payment={n: 1e6 * s / (len(measured) - 1) for n, s in seconds.items()},
    )


def read_decisions(job: RunningJob) -> list[DecisionTime]:
    """Return every decision of the job, once all of them are committed."""
    bootstrap = job.stack.kafka
    wait_until_settled(bootstrap, DECISIONS.name)
    messages = read(bootstrap, DECISIONS.name, job.decisions_from)
    return [decision for _, decision in readable(messages, decode_time)]
