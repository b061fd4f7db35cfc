"""One soak: measure what the job can do, then send a share of it for an hour and look on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.calibration import Calibrations
from benchmarks.errors import BenchmarkError
from benchmarks.job import Progress, RunningJob, running_job
from benchmarks.load import PAYMENTS_A_DAY, Load, send_all
from benchmarks.machine import Provenance, provenance
from benchmarks.own_stack import own_stack
from benchmarks.soak.follower import Follower
from benchmarks.soak.samples import Sample, Sampler
from benchmarks.soak.sender import SoakSender, Stretch
from benchmarks.soak.trend import LEAST, Trend, trend
from benchmarks.throughput import measure_throughput
from benchmarks.ticking import Ticker
from stack.embedded import Stack

_BYTES_A_PAYMENT = 2_500
"""On the broker's disk: the payment, its decision, now and then an alert."""
_LAST_S = 60.0
_TELL_EVERY_S = 60.0
_SETTLED = 1 / 6
"""Share of the run that is left out of the trends: caches fill, code is still compiled."""


@dataclass(frozen=True)
class SoakSettings:
    """What is sent: `share` of the measured capacity for `minutes`, or `per_s` where given.

    A sample every `every_s` seconds. The capacity is that of `payments` behind `warm_up` others.
    """

    folder: Path
    bundle: Path
    minutes: float = 60.0
    share: float = 0.7
    per_s: int | None = None
    every_s: float = 15.0
    payments: int = 100_000
    warm_up: int = 100_000
    keep: bool = False


@dataclass
class Soak:
    """What came out: the samples, and whether every payment was decided once and in order."""

    provenance: Provenance
    settings: dict[str, object]
    capacity_per_s: float
    per_s: int
    sent: int = 0
    decided: int = 0
    out_of_place: int = 0
    sender_late_ms: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    calibrations: Calibrations = field(default_factory=Calibrations)

    @property
    def complete(self) -> bool:
        """Whether each payment has one committed decision, each card's in order."""
        return self.sent == self.decided and not self.out_of_place

    def series(self, figure: str) -> tuple[list[float], list[float]]:
        """Return the seconds and values of a figure; a sample without it is left out."""
        found = [(one.at_s, one.figures[figure]) for one in self.samples if figure in one.figures]
        return [at for at, _ in found], [value for _, value in found]

    def trends(self) -> dict[str, Trend]:
        """Return the trend of each figure once the run has settled, where three samples are."""
        settled_s = self.samples[-1].at_s * _SETTLED
        told = {}
        for figure in sorted({name for one in self.samples for name in one.figures}):
            at_s, values = self.series(figure)
            first = next((n for n, at in enumerate(at_s) if at >= settled_s), len(at_s))
            if len(at_s) - first >= LEAST:
                told[figure] = trend(at_s[first:], values[first:])
        return told

    def to_json(self) -> dict[str, Any]:
        """Return the run under stable keys, units in their names."""
        told: dict[str, Any] = msgspec.to_builtins(
            {
                "capacity_tx_per_s": round(self.capacity_per_s, 1),
                "tx_per_s": self.per_s,
                "payments": self.sent,
                "lost": max(self.sent - self.decided, 0),
                "duplicated": max(self.decided - self.sent, 0),
                "out_of_order": self.out_of_place,
                "sender_late_ms": self.sender_late_ms,
                "trends": self.trends(),
                "samples": self.samples,
                "calibration_loops_ms": self.calibrations.loops_ms,
                "settings": self.settings,
                "provenance": self.provenance,
            }
        )
        return told


def run(settings: SoakSettings, progress: Progress) -> Soak:
    """Run a soak.

    BenchmarkError where it cannot be made, StackError where the stack does not start.
    """
    with own_stack(settings.folder, 1, settings.keep, progress) as stack:
        load = Load()
        waiting = settings.warm_up + settings.payments
        progress(f"sending {waiting:,} payments ahead")
        send_all(stack.kafka, load.take(waiting))
        with running_job(stack, settings.bundle, "latency") as job:
            found = measure_throughput(
                job, load.payments, settings.warm_up, settings.payments, progress
            )
            per_s = settings.per_s or round(found.tx_per_s * settings.share)
            result = Soak(provenance(stack.install), _shown(settings), found.tx_per_s, per_s)
            with result.calibrations.around("soak"):
                _soak(job, load.payments, settings, result, progress)
    return result


def _soak(
    job: RunningJob, skip: int, settings: SoakSettings, result: Soak, progress: Progress
) -> None:
    stretch = _stretch(job.stack, skip, settings, result.per_s)
    bootstrap = job.stack.kafka
    progress(f"{result.per_s:,} payments a second for {settings.minutes:g} minutes")
    with (
        SoakSender(bootstrap, stretch) as sender,
        Follower(bootstrap, committed=False) as early,
        Follower(bootstrap, committed=True) as committed,
    ):
        sampler = Sampler(job, early, committed)
        with (
            Ticker(sampler.look, settings.every_s, "soak-sampler"),
            Ticker(_teller(sampler, progress), _TELL_EVERY_S, "soak-teller"),
        ):
            sender.start()
            result.sender_late_ms = sender.finish(60 * settings.minutes)
        committed.wait_for(stretch.payments, _LAST_S)
        time.sleep(1.0)  # a double would come now
        result.samples = sampler.samples
        result.sent, result.decided = stretch.payments, committed.decided
        result.out_of_place = committed.out_of_place


def _stretch(stack: Stack, skip: int, settings: SoakSettings, per_s: int) -> Stretch:
    """Return what is sent; BenchmarkError where the disk cannot hold it."""
    payments = round(per_s * 60 * settings.minutes)
    needed, free = payments * _BYTES_A_PAYMENT, shutil.disk_usage(stack.layout.folder).free
    if needed > free:
        raise BenchmarkError(
            f"{payments:,} payments take some {needed / 1e9:.0f} GB of disk, and "
            f"{stack.layout.folder} has {free / 1e9:.0f}: name another --folder, or fewer "
            "--minutes."
        )
    days = (skip + payments) // PAYMENTS_A_DAY + 2
    return Stretch(skip=skip, payments=payments, per_s=per_s, days=days)


def _teller(sampler: Sampler, progress: Progress) -> Callable[[], None]:
    def tell() -> None:
        if sampler.samples:
            last = sampler.samples[-1]
            late = last.figures.get("provisional_p99_ms", 0.0)
            pace = last.figures["decisions_per_s"]
            progress(f"{last.at_s / 60:.0f} min: {pace:,.0f} decisions/s, early p99 {late:.0f} ms")

    return tell


def _shown(settings: SoakSettings) -> dict[str, object]:
    """Return the settings without this machine's paths."""
    model = "/".join(settings.bundle.parts[-2:])
    return {**asdict(settings), "folder": None, "bundle": model}
