"""How much memory a peer takes at most, all of its processes together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import psutil

from stack.errors import StackError

_EVERY_S = 2.0


class MemoryMeter:
    """A thread that notes the proportional set size of processes and their children.

    Pages that several processes share count once, divided between them. `pids` is asked each time,
    so that a peer that was started again counts with its new processes.
    """

    def __init__(self, pids: Callable[[], list[int]]) -> None:
        self._pids = pids
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-meter", daemon=True)
        self.most_mib = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
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
