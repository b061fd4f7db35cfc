"""One soak: measure what the job can do, then send a share of it for an hour and look on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.soak.follower import Follower
from benchmarks.soak.samples import Sample, Sampler
from benchmarks.soak.sender import SoakSender, Stretch
from benchmarks.soak.trend import LEAST, Trend, trend
from harness.calibration import Calibrations
from harness.errors import BenchmarkError
from harness.job import Progress, RunningJob, running_job
from harness.load import PAYMENTS_A_DAY, Load, days_until, send_all
from harness.machine import Provenance, provenance
from harness.own_stack import own_stack
from harness.throughput import measure_throughput
from harness.ticking import Ticker

_BYTES_A_PAYMENT = 2_500
"""On the broker's disk: the payment, its decision, now and then an alert."""
_CAPACITY_S = 90
_CAUGHT_UP_S = 120.0
_LAST_S = 60.0
_TELL_EVERY_S = 60.0
_SETTLED = 1 / 6
"""Share of the run that is left out of the trends: caches fill, code is still compiled."""


@dataclass(frozen=True)
class SoakSettings:
    """Load of a soak: `share` of the measured capacity for `minutes`, or `per_s` where given.

    A sample every `every_s` seconds. The capacity is what the job decides while more is sent than
    it can take, as much as it did of `payments` that waited behind `warm_up` others: the sender and
    the two subscribers share its cores, so it is less than that.
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
    """Results of a soak: the samples, and whether every payment was decided once and in order."""

    provenance: Provenance
    settings: dict[str, object]
    alone_per_s: float
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
                "alone_tx_per_s": self.alone_per_s,
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
        with running_job(stack, settings.bundle) as job:
            alone = measure_throughput(
                job, load.payments, settings.warm_up, settings.payments, progress
            )
            return _follow(job, load.payments, settings, round(alone.tx_per_s), progress)


def _follow(
    job: RunningJob, skip: int, settings: SoakSettings, alone_per_s: int, progress: Progress
) -> Soak:
    """Measure the capacity beside sender and subscribers, then soak."""
    bootstrap = job.stack.kafka
    with (
        Follower(bootstrap, committed=False) as early,
        Follower(bootstrap, committed=True) as committed,
    ):
        folder = job.stack.layout.folder
        flood = stretch_below(folder, skip, alone_per_s, _CAPACITY_S)
        capacity = _capacity(bootstrap, flood, committed, progress)
        result = Soak(
            provenance(job.stack.install),
            _shown(settings),
            alone_per_s,
            capacity,
            settings.per_s or round(capacity * settings.share),
        )
        stretch = stretch_below(
            folder, skip + flood.payments, result.per_s, round(60 * settings.minutes)
        )
        for follower in (early, committed):
            follower.take()  # those of the flood
        with result.calibrations.around("soak"):
            _soak(job, stretch, (early, committed), settings, result, progress)
        committed.wait_for(flood.payments + stretch.payments, _LAST_S)
        time.sleep(1.0)  # a double would come now
        result.sent, result.decided = flood.payments + stretch.payments, committed.decided
        result.out_of_place = committed.out_of_place
    return result


def _capacity(bootstrap: str, flood: Stretch, committed: Follower, progress: Progress) -> float:
    """Return payments decided a second in the later half of a flood; waits until all are."""
    progress(f"the capacity: {flood.per_s:,} payments a second for {_CAPACITY_S} seconds")
    with SoakSender(bootstrap, flood) as sender:
        sender.start()
        time.sleep(_CAPACITY_S / 2)
        half, half_s = committed.decided, time.monotonic()
        sender.finish(_CAPACITY_S)
        decided = committed.decided - half
        seconds = time.monotonic() - half_s
    if not committed.wait_for(flood.payments, _CAUGHT_UP_S):
        raise BenchmarkError(
            f"Expected {flood.payments:,} decisions {_CAUGHT_UP_S:.0f} s after the last payment, "
            f"got {committed.decided:,}; look at the job in the Flink web UI."
        )
    return decided / seconds


def _soak(
    job: RunningJob,
    stretch: Stretch,
    followers: tuple[Follower, Follower],
    settings: SoakSettings,
    result: Soak,
    progress: Progress,
) -> None:
    progress(f"{result.per_s:,} payments a second for {settings.minutes:g} minutes")
    with SoakSender(job.stack.kafka, stretch) as sender:
        sampler = Sampler(job, *followers)
        with (
            Ticker(sampler.look, settings.every_s, "soak-sampler"),
            Ticker(_teller(sampler, progress), _TELL_EVERY_S, "soak-teller"),
        ):
            sender.start()
            result.sender_late_ms = sender.finish(60 * settings.minutes)
        result.samples = sampler.samples


def stretch_below(folder: Path, skip: int, per_s: int, seconds: int) -> Stretch:
    """Return what is sent; BenchmarkError where disk or calendar cannot hold it."""
    payments = per_s * seconds
    needed, free = payments * _BYTES_A_PAYMENT, shutil.disk_usage(folder).free
    if needed > free:
        raise BenchmarkError(
            f"{payments:,} payments take some {needed / 1e9:.0f} GB of disk, and "
            f"{folder} has {free / 1e9:.0f}: name another --folder, or fewer "
            "--minutes."
        )
    days, most = (skip + payments) // PAYMENTS_A_DAY + 2, days_until(datetime.now(UTC))
    if days > most:
        raise BenchmarkError(
            f"{skip + payments:,} payments fill {days:,} days of the load and {most:,} lie before "
            "today; the job refuses payments of the future: take fewer --minutes."
        )
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
