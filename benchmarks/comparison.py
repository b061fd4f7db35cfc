"""Two ways of running the job, measured against each other on one warm stack, in both orders.

A shared machine drifts and a cold JVM is twice as slow, so two runs of `./cardwatch bench` hardly
compare. Here both variants run on the same TaskManagers, after a warm-up that is not measured, in
the order A B B A: what drifts evenly falls on both alike.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from harness.calibration import Calibrations
from harness.job import Progress, running_job
from harness.latency_run import RateLatency, measure_latency, payments_sent
from harness.load import Load, days_of, send_all
from harness.own_stack import own_stack
from harness.throughput import Throughput, measure_throughput
from stack.services.embedded import Stack


@dataclass(frozen=True)
class Variant:
    """One way of running the job: a name, arguments of the job's, and options of Flink's."""

    name: str
    arguments: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


_RUNS = 4
"""Measured runs, in the order A B B A."""

PYFLINK = Variant("pyflink", ("--engine", "pyflink"))
BATCH = Variant("batch", ("--engine", "batch"))


@dataclass(frozen=True)
class ComparisonSettings:
    """Settings of a comparison: a run measures `payments` behind `warm_up` others, then latencies.

    Before them both variants run over everything that waits, `heating` times, unmeasured. Latency
    is measured at each of `rates` (payments a second) for `seconds`. `cluster` are options of Flink
    that a job cannot have, for both variants.
    """

    folder: Path
    bundle: Path
    variants: tuple[Variant, Variant] = (PYFLINK, BATCH)
    cluster: tuple[tuple[str, str], ...] = ()
    payments: int = 60_000
    warm_up: int = 60_000
    heating: int = 2
    rates: tuple[int, ...] = ()
    seconds: int = 60
    keep: bool = False


@dataclass(frozen=True)
class Run:
    """One run of a variant: its throughput, and its latency by payments a second."""

    throughput: Throughput
    latency: dict[int, RateLatency]


@dataclass
class Comparison:
    """The measured runs of each variant, in the order in which they ran."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    calibrations: Calibrations = field(default_factory=Calibrations)

    @property
    def complete(self) -> bool:
        """Whether every payment got one decision in every run, and was seen in time."""
        every = [run for runs in self.runs.values() for run in runs]
        throughputs = [run.throughput for run in every]
        latencies = [one for run in every for one in run.latency.values()]
        return not any(one.lost or one.doubled for one in throughputs) and not any(
            one.unseen for one in latencies
        )

    def tx_per_s(self, variant: str) -> float:
        """Return the mean rate of a variant's runs, payments a second."""
        return self._mean(variant, lambda run: run.throughput.tx_per_s)

    def cpu_us_per_payment(self, variant: str, group: str = "job") -> float:
        """Return the mean CPU of a variant's runs, us a payment, of the job or the broker."""
        return self._mean(variant, lambda run: run.throughput.cpu_us_per_payment[group])

    def _mean(self, variant: str, figure: Callable[[Run], float]) -> float:
        return statistics.mean(figure(run) for run in self.runs[variant])

    def to_json(self) -> dict[str, Any]:
        """Return the comparison under stable keys, units in their names."""
        return {
            "throughput_tx_per_s": {n: round(self.tx_per_s(n), 1) for n in self.runs},
            "cpu_us_per_payment": {n: round(self.cpu_us_per_payment(n), 1) for n in self.runs},
            "runs": msgspec.to_builtins(self.runs),
            "calibration_ms": round(self.calibrations.median_ms, 1),
            "calibration_loops_ms": self.calibrations.loops_ms,
        }


def compare(settings: ComparisonSettings, progress: Progress) -> Comparison:
    """Run both variants in the order A B B A.

    BenchmarkError where a measurement cannot be made, StackError where the stack does not start.
    """
    one, other = settings.variants
    found = Comparison({one.name: [], other.name: []})
    waiting = settings.warm_up + settings.payments
    with own_stack(settings.folder, 1, settings.keep, progress, dict(settings.cluster)) as stack:
        sent = waiting + _RUNS * payments_sent(settings.rates, settings.seconds)
        load = Load(days_of(sent))
        progress("sending the payments ahead")
        send_all(stack.kafka, load.take(waiting))
        for number in range(settings.heating):
            progress(f"warming up, {number + 1} of {settings.heating}")
            _measure(stack, settings, settings.variants[number % 2], (), load, progress)
        for number, variant in enumerate((one, other, other, one)):
            progress(f"{variant.name}, run {number + 1} of {_RUNS}")
            with found.calibrations.around(f"{number + 1} {variant.name}"):
                run = _measure(stack, settings, variant, settings.rates, load, progress)
            found.runs[variant.name].append(run)
            rate, cpu_us = run.throughput.tx_per_s, run.throughput.cpu_us_per_payment["job"]
            progress(f"{variant.name}: {rate:,.0f} payments/s, {cpu_us:.0f} us of CPU each")
    return found


def _measure(
    stack: Stack,
    settings: ComparisonSettings,
    variant: Variant,
    rates: Sequence[int],
    load: Load,
    progress: Progress,
) -> Run:
    with running_job(
        stack,
        settings.bundle,
        more_arguments=variant.arguments,
        options=variant.options,
    ) as job:
        throughput = measure_throughput(
            job, load.payments, settings.warm_up, settings.payments, progress
        )
        latency = dict[int, RateLatency]()
        for rate in rates:
            progress(f"{variant.name}: latency at {rate:,}/s for {settings.seconds} s")
            latency[rate] = measure_latency(stack.kafka, load, rate, settings.seconds)
        return Run(throughput, latency)
