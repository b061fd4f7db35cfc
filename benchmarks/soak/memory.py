"""The resident memory of a JVM, its heap apart from everything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BELOW = 1 << 35
_MAPPING = re.compile(r"([0-9a-f]+)-[0-9a-f]+ ")
_KIB = 1024


@dataclass(frozen=True)
class JvmMemory:
    """Resident MiB of a process: the Java heap, and what is beside it.

    Beside it are the JVM itself, compiled code, threads, direct buffers and, in a TaskManager, the
    Python interpreter with everything that it holds.
    """

    heap_mib: float
    native_mib: float


def jvm_memory(pid: int) -> JvmMemory:
    """Return what a JVM holds; OSError where there is no such process.

    The kernel tells it by mapping. With compressed pointers, as every heap below 32 GiB has them,
    the heap lies below that address and, as the program is loaded above, nothing else does.
    """
    heap = native = 0
    in_heap = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if found := _MAPPING.match(line):
            in_heap = int(found[1], 16) < _BELOW
        elif line.startswith("Rss:"):
            kib = int(line.split()[1])
            heap += kib * in_heap
            native += kib * (not in_heap)
    return JvmMemory(heap / _KIB, native / _KIB)
