"""Say in sentences what is wrong with a stack, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from stack.services.supervision import Program
from stack.services.waiting import ENDED, last_error
from stack.settings import BROKER, Layout

# The broker stops at the first write that fails; a checkpoint of a small state takes less.
_FULL_MB = 16


def tell(layout: Layout, programs: Mapping[str, Program], *, broker_serves: bool) -> Iterator[str]:
    """Yield a sentence for each problem of a stack whose supervisor runs.

    Args:
        layout: The stack's folders; their disks are looked at.
        programs: Each process by name.
        broker_serves: Whether something listens where clients find the broker.
    """
    yield from full_disks(layout)
    for name, program in programs.items():
        if program.state in ENDED:
            yield (
                f"{name} has ended and is started again by itself: "
                f"{last_error(layout.logs / name)} (more in {layout.logs / name}.log)."
            )
        elif name == BROKER and not broker_serves:
            yield "broker starts and does not serve yet."


def full_disks(layout: Layout, full_mb: int = _FULL_MB) -> Iterator[str]:
    """Yield a sentence for each disk of the stack with less than `full_mb` MiB of room."""
    places = {
        "The broker's data": layout.kafka_data,
        "The checkpoints": layout.checkpoints,
        "The stack's files": layout.folder,
    }
    seen = set()
    for what, folder in places.items():
        place = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(place).free >> 20
        if free < full_mb and _device(place) not in seen:
            seen.add(_device(place))
            yield (
                f"{what} have {free} MiB of disk left at {place}: make room; "
                "what failed for it is tried again by itself."
            )


def _device(place: Path) -> int:
    return place.stat().st_dev
