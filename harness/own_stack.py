"""A stack of a measurement's own: empty when it starts, gone when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.errors import BenchmarkError
from stack.services.embedded import Stack
from stack.settings import Layout, StackSettings

_TASKMANAGERS_PER_PARALLELISM = 2


@contextmanager
def own_stack(
    folder: Path,
    parallelism: int,
    keep: bool,
    progress: Callable[[str], None],
    flink: Mapping[str, str] | None = None,
    taskmanager_heap_mb: int = StackSettings.taskmanager_heap_mb,
) -> Iterator[Stack]:
    """Start an empty stack in a folder; stop it at the end and, unless `keep`, remove the folder.

    `flink` has options of the cluster that win over the profile.

    BenchmarkError where the folder holds something else than a stack.
    """
    refuse_foreign(folder)
    taskmanagers = parallelism * _TASKMANAGERS_PER_PARALLELISM
    stack = Stack(
        StackSettings(
            folder,
            taskmanagers=taskmanagers,
            taskmanager_heap_mb=taskmanager_heap_mb,
            flink=flink or {},
        )
    )
    stack.down(delete_data=True)
    try:
        stack.up(progress)
        yield stack
    finally:
        stack.down(delete_data=not keep)


def refuse_foreign(folder: Path) -> None:
    """Raise BenchmarkError where a folder holds something else than a stack."""
    if folder.exists() and any(folder.iterdir()) and not Layout(folder).state.exists():
        raise BenchmarkError(
            f"{folder} is not empty and not a stack's folder: name another with --folder."
        )
