"""The ways in which Flink can hold the job's state, and the memory that each needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import BenchmarkError
from stack.services.memory import available_mb
from stack.settings import StackSettings

HEAP_OVERHEAD_BYTES: Final = 210
"""What a card takes in the heap beside its packed state: its key (a Row with a String), Flink's map
entry, the time stamp, array headers. From `jcmd PID GC.class_histogram` of a TaskManager in a run,
which names each of these classes with its bytes."""

HEAP_BYTES_PER_CARD: Final = HEAP_OVERHEAD_BYTES + 160
"""A card of this benchmark, which has one to three payments."""

LIVE_SHARE: Final = 0.6
"""Of a heap, for state that lives on: the more it is full, the more often it is collected whole."""

_BASE_HEAP_MB: Final = 640
_ROCKSDB_MANAGED_MB: Final = 512
_HISTORY: Final = 10_000
"""Checkpoints that the REST API remembers: all of a run."""


@dataclass(frozen=True)
class Backend:
    """A state backend by its options.

    `on_heap`: its state has to fit into the JVM's heap. `managed_mb`: memory of RocksDB in each
    TaskManager, MiB. `claim`: a job takes over the checkpoint that it starts from; without that
    the first checkpoint after a restore copies all state, which the changelog cannot.
    """

    name: str
    options: Mapping[str, str]
    on_heap: bool = False
    managed_mb: int = 0
    claim: bool = False

    def heap_mb(self, cards: int) -> int:
        """Return the heap of a TaskManager that holds so many cards, MiB."""
        if not self.on_heap:
            return _BASE_HEAP_MB
        return _BASE_HEAP_MB + int(cards * HEAP_BYTES_PER_CARD / LIVE_SHARE) // 2**20

    def flink_options(self, folder: Path) -> dict[str, str]:
        """Return the cluster's options for a stack below `folder`."""
        own = {
            key: value.format(folder=folder.resolve().as_uri())
            for key, value in self.options.items()
        }
        if self.managed_mb:
            own["taskmanager.memory.managed.size"] = f"{self.managed_mb}m"
        return {**own, "web.checkpoints.history": str(_HISTORY)}


_ROCKSDB: Final = {
    "state.backend.type": "rocksdb",
    "execution.checkpointing.incremental": "true",
}
_CHANGELOG: Final = {
    **_ROCKSDB,
    "state.changelog.enabled": "true",
    "state.changelog.storage": "filesystem",
    "state.changelog.dstl.dfs.base-path": "{folder}/changelog",
}

BACKENDS: Final = {
    backend.name: backend
    for backend in (
        Backend("heap", {"state.backend.type": "hashmap"}, on_heap=True),
        Backend("rocksdb", _ROCKSDB, managed_mb=_ROCKSDB_MANAGED_MB),
        Backend("changelog", _CHANGELOG, managed_mb=_ROCKSDB_MANAGED_MB, claim=True),
    )
}


def check_memory(backend: Backend, cards: int, folder: Path) -> None:
    """Raise BenchmarkError where the stack of a run would not fit into the free memory."""
    heap_mb = backend.heap_mb(cards)
    settings = StackSettings(folder, taskmanager_heap_mb=heap_mb)
    needed_mb = settings.memory_mb + settings.taskmanagers * backend.managed_mb
    free_mb = available_mb()
    if free_mb < needed_mb:
        raise BenchmarkError(
            f"{cards:,} cards with backend {backend.name} may need {needed_mb:,} MiB of memory "
            f"(two TaskManagers of {heap_mb:,} MiB of heap, the broker) and {free_mb:,} MiB are "
            "free. Take fewer --cards" + (", or --backend rocksdb." if backend.on_heap else ".")
        )
