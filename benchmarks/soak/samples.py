"""Samples of a running job, every few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from benchmarks.soak.follower import Follower
from benchmarks.soak.memory import jvm_memory
from harness.cpu import cpu_seconds
from harness.job import RunningJob
from harness.latency import Latencies, percentiles
from stack.settings import is_taskmanager


@dataclass(frozen=True)
class Sample:
    """One look: seconds since the beginning, and what came since the look before.

    `figures` maps a name with its unit to a value: `heap_mib` and `native_mib` of each process,
    `checkpoint_mib`, `checkpoint_ms`, `decisions_per_s`, `cpu_us_per_payment` of the job, and
    `provisional_p50_ms`, `..._p99_ms`, `committed_p50_ms`, `..._p99_ms`.
    """

    at_s: float
    figures: dict[str, float]


class Sampler:
    """Takes a sample at each call; `samples` has them all."""

    def __init__(self, job: RunningJob, early: Follower, committed: Follower) -> None:
        self._job = job
        self._followers = {"provisional": early, "committed": committed}
        self._pids = {name: job.stack.pid(name) for name in job.stack.settings.programs}
        self._workers = [
            psutil.Process(pid) for name, pid in self._pids.items() if is_taskmanager(name)
        ]
        self._began_s = self._looked_s = time.monotonic()
        self._cpu_s = self._used_s()
        self._decided = early.decided
        self.samples: list[Sample] = []

    def look(self) -> None:
        """Take a sample."""
        now = time.monotonic()
        figures = self._latencies() | self._pace(now) | self._memory() | self._checkpoint()
        self.samples.append(Sample(round(now - self._began_s, 1), figures))

    def _pace(self, now: float) -> dict[str, float]:
        decided, cpu_s = self._followers["provisional"].decided, self._used_s()
        new = decided - self._decided
        figures = {
            "decisions_per_s": new / (now - self._looked_s),
            "cpu_us_per_payment": 1e6 * (cpu_s - self._cpu_s) / max(new, 1),
        }
        self._decided, self._cpu_s, self._looked_s = decided, cpu_s, now
        return figures

    def _latencies(self) -> dict[str, float]:
        figures: dict[str, float] = {}
        for kind, follower in self._followers.items():
            if len(latencies := follower.take()):
                figures |= _named(kind, latencies)
        return figures

    def _memory(self) -> dict[str, float]:
        figures = {}
        for name, pid in self._pids.items():
            held = jvm_memory(pid)
            figures[f"{name}_heap_mib"] = held.heap_mib
            figures[f"{name}_native_mib"] = held.native_mib
        return figures

    def _checkpoint(self) -> dict[str, float]:
        last = self._job.stack.flink.latest_checkpoint(self._job.id)
        if last is None:
            return {}
        return {"checkpoint_mib": last.state_bytes / 2**20, "checkpoint_ms": last.duration_ms}

    def _used_s(self) -> float:
        return sum(map(cpu_seconds, self._workers))


def _named(kind: str, latencies: Latencies) -> dict[str, float]:
    found = percentiles(latencies)
    return {f"{kind}_{name}_ms": found[name] for name in ("p50", "p99")}
