"""Find and stop the processes of a stack, whoever is their parent now.

Each process of a stack carries the stack's folder in its environment and hands it to its
children. That mark survives the death of the supervisor and the reuse of a pid, which recorded
pids do not.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import psutil

MARK = "CARDWATCH_STACK"


def mark(folder: Path) -> dict[str, str]:
    """Return the environment that makes a process one of the stack in `folder`."""
    return {MARK: str(folder)}


def find(folder: Path) -> list[psutil.Process]:
    """Return the living processes of the stack in `folder`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            if process.environ().get(MARK) == str(folder):
                found.append(process)
    return found


def stop_all(folder: Path, grace_s: float) -> list[int]:
    """End every process of the stack: ask, wait `grace_s`, then kill.

    Returns:
        The pids that had to be stopped.
    """
    processes = find(folder)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=grace_s)
    deadline = time.monotonic() + 10
    while alive and time.monotonic() < deadline:
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=2)
        alive = find(folder)
    return [process.pid for process in processes]


def memory_mb(pid: int) -> int:
    """Return the resident memory of a process in MiB, 0 where it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss) >> 20
    except psutil.Error:
        return 0
