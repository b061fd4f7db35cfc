"""CPU time of each thread, by the kernel's own count."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from harness.errors import BenchmarkError

ENDED = "ended meanwhile"
"""In place of a thread's name: what threads took that are gone at the second look."""

LEAST_SHARE = 0.01
"""Share of the cores at any pace from which a thread has a row of its own."""

_NS = 1_000_000_000

Thread = tuple[str, str]
"""Process and thread, both by name. The kernel keeps 15 characters of a thread's name; threads of
a pool, whose names differ in the number at the end, count as one."""


@dataclass(frozen=True)
class Use:
    """Use of the cores between two looks: seconds of CPU, and turns on a core, by thread.

    `idle_s` are seconds of cores on which nothing ran.
    """

    elapsed_s: float
    cores: int
    idle_s: float
    seconds: dict[Thread, float]
    turns: dict[Thread, int]

    def share(self, thread: Thread) -> float:
        """Return what part of all cores' time a thread took, 0 to 1."""
        return self.seconds.get(thread, 0.0) / self._all_s

    @property
    def idle(self) -> float:
        """Share of all cores' time that nobody took, 0 to 1."""
        return self.idle_s / self._all_s

    @property
    def elsewhere(self) -> float:
        """Share of all cores' time that went to processes not looked at, 0 to 1."""
        return max(0.0, 1.0 - self.idle - sum(self.seconds.values()) / self._all_s)

    @property
    def _all_s(self) -> float:
        return self.cores * self.elapsed_s


def shown(
    shares: Mapping[str, Mapping[Thread, float]], least: float = LEAST_SHARE
) -> Iterator[tuple[str, str, list[float]]]:
    """Yield process, thread, and its share at each pace: processes and their threads by size.

    Threads that take less than `least` of the cores at every pace are one row of their process.
    """
    threads = {thread for each in shares.values() for thread in each}
    at = {thread: [each.get(thread, 0.0) for each in shares.values()] for thread in threads}

    def largest(process: str) -> float:
        own = [values for thread, values in at.items() if thread[0] == process]
        return max(map(sum, zip(*own, strict=True)))

    for process in sorted({process for process, _ in threads}, key=largest, reverse=True):
        own = {name: values for (owner, name), values in sorted(at.items()) if owner == process}
        large = {name: values for name, values in own.items() if max(values) >= least}
        for name, values in sorted(large.items(), key=lambda item: -max(item[1])):
            yield process, name, values
        rest = [values for name, values in own.items() if name not in large]
        if rest:
            yield process, "all others", list(map(sum, zip(*rest, strict=True)))


@dataclass
class _Look:
    """The counts of one moment: by process and thread id for threads, by process in all."""

    at_s: float
    idle_s: float
    names: dict[tuple[str, int], str] = field(default_factory=dict)
    seconds: dict[tuple[str, int], float] = field(default_factory=dict)
    turns: dict[tuple[str, int], int] = field(default_factory=dict)
    in_all_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


def watch(pids: Mapping[str, int], wait: Callable[[], None]) -> Use:
    """Return what the threads of processes, and of their children, took while `wait` ran.

    BenchmarkError where the kernel does not count the time of each thread.
    """
    before = _look(pids)
    wait()
    after = _look(pids)
    seconds, turns = defaultdict[Thread, float](float), Counter[Thread]()
    for one, name in after.names.items():
        thread = (one[0], name)
        seconds[thread] += after.seconds[one] - before.seconds.get(one, 0.0)
        turns[thread] += after.turns[one] - before.turns.get(one, 0)
    for process, in_all_s in after.in_all_s.items():
        told = sum(taken for thread, taken in seconds.items() if thread[0] == process)
        # Ticks against nanoseconds: what is left over may be a little below nothing.
        seconds[process, ENDED] = max(0.0, in_all_s - before.in_all_s[process] - told)
    return Use(
        elapsed_s=after.at_s - before.at_s,
        cores=os.cpu_count() or 1,
        idle_s=after.idle_s - before.idle_s,
        seconds=dict(seconds),
        turns=dict(turns),
    )


def _look(pids: Mapping[str, int]) -> _Look:
    times = psutil.cpu_times()
    look = _Look(time.monotonic(), times.idle + getattr(times, "iowait", 0.0))
    for name, pid in pids.items():
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                look.in_all_s[name] += sum(process.cpu_times()[:2])
                _add_threads(look, name, process.pid)
    return look


def _add_threads(look: _Look, name: str, pid: int) -> None:
    for folder in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            thread = (folder / "comm").read_text().rstrip()
            run_ns, _, turns = map(int, _counts(folder).split())
            key = (name, int(folder.name))
            look.names[key] = thread.rstrip("0123456789-_#: ") or thread
            look.seconds[key] = run_ns / _NS
            look.turns[key] = turns


def _counts(folder: Path) -> str:
    """Return time on a core (ns), time waiting for one (ns) and turns of a thread."""
    try:
        return (folder / "schedstat").read_text()
    except FileNotFoundError:
        if folder.exists():
            raise BenchmarkError(
                f"{folder}/schedstat: this kernel does not count the time of each thread "
                "(CONFIG_SCHED_INFO), which this measurement needs."
            ) from None
        raise
