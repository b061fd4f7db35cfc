"""One run of `./cardwatch bench threads`: who takes the cores' time at each pace."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.threads import Thread, Use, watch
from harness.calibration import Calibrations
from harness.job import Progress, RunningJob, running_job
from harness.latency_run import WARM_UP_S, RateLatency, measure_latency
from harness.load import Load, send_all
from harness.machine import Provenance, provenance
from harness.own_stack import own_stack

BACKLOG = "backlog"
MEASUREMENT = "measurement"
"""The name of this process: sender and subscribers."""

_MARGIN_S = 2
"""On either side of what is watched: the sender is a process that has to start."""


@dataclass(frozen=True)
class ThreadSettings:
    """Settings of a run: a backlog of `payments` behind `warm_up` others, then each of `rates`.

    Rates are in payments a second, each held for `seconds` behind the usual warm-up.
    """

    folder: Path
    bundle: Path
    payments: int = 200_000
    warm_up: int = 200_000
    rates: tuple[int, ...] = (500, 2_000, 10_000)
    seconds: int = 20
    keep: bool = False


@dataclass
class ThreadProfile:
    """CPU time of threads by pace (`backlog`, `500/s`), and the latency at each rate."""

    provenance: Provenance
    uses: dict[str, Use] = field(default_factory=dict)
    latency: dict[str, RateLatency] = field(default_factory=dict)
    calibrations: Calibrations = field(default_factory=Calibrations)

    def to_json(self, least_share: float = 0.0) -> dict[str, Any]:
        """Return the profile under stable keys, units in their names.

        Threads that take less than `least_share` of the cores at every pace are left out.
        """
        large = {
            thread
            for use in self.uses.values()
            for thread in use.seconds
            if use.share(thread) >= least_share
        }
        return {
            "paces": {pace: _use_to_json(use, large) for pace, use in self.uses.items()},
            "latency_runs": msgspec.to_builtins(self.latency),
            "calibration_ms": round(self.calibrations.median_ms, 1),
            **msgspec.to_builtins(self.provenance),
        }


def _use_to_json(use: Use, told: set[Thread]) -> dict[str, Any]:
    return {
        "cores": use.cores,
        "elapsed_s": round(use.elapsed_s, 2),
        "idle_share": round(use.idle, 4),
        "elsewhere_share": round(use.elsewhere, 4),
        "turns_per_s": round(sum(use.turns.values()) / use.elapsed_s, 1),
        "threads": [
            {
                "process": process,
                "thread": thread,
                "share": round(use.share((process, thread)), 4),
                "turns_per_s": round(use.turns.get((process, thread), 0) / use.elapsed_s, 1),
            }
            for process, thread in sorted(use.seconds, key=use.share, reverse=True)
            if (process, thread) in told
        ],
    }


def profile_threads(settings: ThreadSettings, progress: Progress) -> ThreadProfile:
    """Watch the threads of the job, and of all around it, on a stack of its own.

    BenchmarkError where a measurement cannot be made, StackError where the stack does not start.
    """
    with own_stack(settings.folder, 1, settings.keep, progress) as stack:
        found = ThreadProfile(provenance(stack.install))
        load = Load()
        progress("sending the payments ahead")
        send_all(stack.kafka, load.take(settings.warm_up + settings.payments))
        with running_job(stack, settings.bundle) as job:
            pids = {name: stack.pid(name) for name in stack.settings.programs}
            pids[MEASUREMENT] = os.getpid()
            with found.calibrations.around(BACKLOG):
                found.uses[BACKLOG] = _watch_backlog(job, settings, pids, progress)
            for rate in settings.rates:
                pace = f"{rate:,}/s"
                progress(f"{pace}: {WARM_UP_S} s, then {settings.seconds} s that count")
                with found.calibrations.around(pace):
                    use, latency = _watch_rate(job, load, rate, settings.seconds, pids)
                found.uses[pace], found.latency[pace] = use, latency
    return found


def _watch_backlog(
    job: RunningJob, settings: ThreadSettings, pids: dict[str, int], progress: Progress
) -> Use:
    """Watch it until nine tenths are done: at the end some partitions run dry before others."""
    job.wait_for_decisions(settings.warm_up, progress)
    watched = settings.warm_up + settings.payments * 9 // 10
    use = watch(pids, partial(job.wait_for_decisions, watched, progress))
    job.wait_for_decisions(settings.warm_up + settings.payments, progress)
    return use


def _watch_rate(
    job: RunningJob, load: Load, rate: int, seconds: int, pids: dict[str, int]
) -> tuple[Use, RateLatency]:
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(measure_latency, job.stack.kafka, load, rate, seconds + 2 * _MARGIN_S)
        time.sleep(WARM_UP_S + _MARGIN_S)
        use = watch(pids, partial(time.sleep, seconds))
        return use, sending.result()
