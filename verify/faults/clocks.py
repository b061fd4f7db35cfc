"""A clock jumps while its process runs: a TaskManager's, or the producer's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stack.settings import StackSettings, is_taskmanager
from verify.faults.fault import Fault, Kind
from verify.faults.ground import libfaketime
from verify.faults.scene import CARD_STAGE, MERCHANT_STAGE, Scene
from verify.faults.traffic_apart import PRODUCER

_JUMPS_S = (300, -300)


def clock_file(settings: StackSettings, process: str) -> Path:
    """Return the file that says how far a process's clock is off, in libfaketime's words."""
    return settings.folder / f"{process}.clock"


def wound(file: Path) -> tuple[str, ...]:
    """Return the words before a command that give its process the clock of a file.

    The file is looked at once a second. What measures spans of time, the monotonic clock, stays
    true, as it does when an administrator or a time server sets the clock of a machine.
    """
    return (
        "env",
        f"LD_PRELOAD={libfaketime()}",
        f"FAKETIME_TIMESTAMP_FILE={file}",
        "FAKETIME_CACHE_DURATION=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
    )


def set_clock(file: Path, seconds: int) -> None:
    """Let a clock run so many seconds ahead of the true one, or behind it."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n")
    fresh.replace(file)


@contextmanager
def own_clocks(settings: StackSettings) -> Iterator[StackSettings]:
    """Give each TaskManager and the producer a clock that can be set, true at first.

    UnfitError where no good libfaketime is found.
    """
    libfaketime()
    settings.folder.mkdir(parents=True, exist_ok=True)
    prefixes = dict(settings.prefixes)
    for name in (PRODUCER, *filter(is_taskmanager, settings.programs)):
        set_clock(clock_file(settings, name), 0)
        prefixes[name] = (*wound(clock_file(settings, name)), *prefixes.get(name, ()))
    yield replace(settings, prefixes=prefixes)


def turn_taskmanager(scene: Scene) -> None:
    """Set the clock of one stage's TaskManager by five minutes, forwards or back, and leave it."""
    stage = scene.random.choice((CARD_STAGE, MERCHANT_STAGE))
    victim = scene.taskmanager_of(stage)
    jump_s = scene.random.choice(_JUMPS_S)
    scene.notes.update(victim=victim, stage=stage, jump_s=jump_s)
    set_clock(clock_file(scene.stack.settings, victim), jump_s)


def turn_producer(scene: Scene) -> None:
    """Set the producer's clock by five minutes, forwards or back, and leave it."""
    jump_s = scene.random.choice(_JUMPS_S)
    scene.notes["jump_s"] = jump_s
    set_clock(clock_file(scene.stack.settings, PRODUCER), jump_s)
    scene.struck_ms += jump_s * 1000  # its records carry its own time


FAULTS = (
    Fault(
        "clock-taskmanager",
        "The clock of the process of a stage jumps by five minutes, forwards or back.",
        Kind.CLOCK,
        turn_taskmanager,
        place=own_clocks,
    ),
    Fault(
        "clock-producer",
        "The producer's clock, and with it the time of its records, jumps by five minutes.",
        Kind.CLOCK,
        turn_producer,
        place=own_clocks,
        shared=False,
    ),
)
