"""Say before the start whether the stack fits into memory."""

from __future__ import annotations

from pathlib import Path

import psutil

from stack.errors import StackError
from stack.settings import StackSettings

_CGROUP = Path("/sys/fs/cgroup")


def available_mb() -> int:
    """Return the memory that new processes can have, MiB: the machine's, or the container's."""
    machine = int(psutil.virtual_memory().available) >> 20
    limit, used = _number(_CGROUP / "memory.max"), _number(_CGROUP / "memory.current")
    if limit is None or used is None:
        return machine
    return min(machine, (limit - used) >> 20)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def check(settings: StackSettings) -> None:
    """Raise StackError where the stack would not fit."""
    free = available_mb()
    if free < settings.memory_mb:
        raise StackError(
            f"The stack may need {settings.memory_mb} MiB of memory and {free} MiB are free: "
            "stop other programs, or start fewer TaskManagers with --taskmanagers."
        )
