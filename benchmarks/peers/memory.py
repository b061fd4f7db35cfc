"""Memory of a peer, all of its processes together."""

from __future__ import annotations

import contextlib

import psutil


def memory_mib(pids: list[int]) -> int:
    """Return the proportional set size of processes and their children, MiB.

    Pages that several processes share count once, divided between them. The kernel goes through
    every page for it and holds the process's memory map meanwhile: a JVM that needs memory waits.
    """
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):  # a process may end while it is looked at
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    total += one.memory_full_info().pss
    return total >> 20
