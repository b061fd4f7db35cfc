"""How much memory a peer takes at most, all of its processes together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import psutil

from benchmarks.ticking import Ticker
from stack.errors import StackError

_EVERY_S = 2.0


class MemoryMeter(Ticker):
    """Notes the proportional set size of processes and their children.

    Pages that several processes share count once, divided between them. `pids` is asked each time,
    so that a peer that was started again counts with its new processes.
    """

    def __init__(self, pids: Callable[[], list[int]]) -> None:
        super().__init__(self._sample, _EVERY_S, "memory-meter")
        self._pids = pids
        self.most_mib = 0

    def _sample(self) -> None:
        # A process may end, or be started again, while it is looked at.
        with contextlib.suppress(psutil.Error, StackError):
            self.most_mib = max(self.most_mib, memory_mib(self._pids()))


def memory_mib(pids: list[int]) -> int:
    """Return the proportional set size of processes and their children, MiB."""
    total = 0
    for pid in pids:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += one.memory_full_info().pss
    return total >> 20
