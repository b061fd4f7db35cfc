"""CPU seconds of running processes over a stretch of time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import psutil

from harness.errors import BenchmarkError
from harness.ticking import Ticker

_EVERY_S = 0.5


class CpuMeter(Ticker):
    """Notes, each half second, the user and system CPU seconds of groups of processes.

    `groups` maps a name to pids; the children of a process count with it, so that a Python worker
    counts with its TaskManager.
    """

    def __init__(self, groups: Mapping[str, Sequence[int]]) -> None:
        super().__init__(self._sample, _EVERY_S, "cpu-meter")
        self._groups = {
            name: [psutil.Process(pid) for pid in pids] for name, pids in groups.items()
        }
        self._times_ms: list[float] = []
        self._seconds: dict[str, list[float]] = {name: [] for name in groups}

    def __enter__(self) -> Self:
        self._sample()
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, at)
        self._sample()

    def between(self, start_ms: float, end_ms: float) -> dict[str, float]:
        """Return each group's CPU seconds between two times (epoch ms), interpolated.

        BenchmarkError where the meter did not run all that time.
        """
        if not self._times_ms[0] <= start_ms <= end_ms <= self._times_ms[-1]:
            raise BenchmarkError(
                "The measured payments began before their CPU was watched: give more --warm-up."
            )
        return {
            name: float(np.diff(np.interp([start_ms, end_ms], self._times_ms, seconds))[0])
            for name, seconds in self._seconds.items()
        }

    def _sample(self) -> None:
        self._times_ms.append(time.time() * 1000)
        for name, processes in self._groups.items():
            self._seconds[name].append(sum(map(cpu_seconds, processes)))


def cpu_seconds(process: psutil.Process) -> float:
    """Return user and system CPU seconds of a process and its children, 0 where it has ended."""
    try:
        family = [process, *process.children(recursive=True)]
        return sum(_own_seconds(each) for each in family)
    except psutil.NoSuchProcess:
        return 0.0


def _own_seconds(process: psutil.Process) -> float:
    """Return what a process took itself, with children that have ended and been waited for."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0
