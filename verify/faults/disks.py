"""A disk is full: the one of the checkpoints, or the broker's."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from stack.errors import StackError
from stack.settings import BROKER, Layout, StackSettings
from verify.faults.fault import Fault, Kind, Place
from verify.faults.ground import need_root, run
from verify.faults.scene import Scene
from verify.faults.traffic import Traffic

_SIZE_MB = 256
_BALLAST = "ballast"
_PIECE = bytes(64 * 1024)
_SHORTEST_S, _LONGEST_S = 5.0, 40.0
_SEEN_S = 60.0
_FAILED_CHECKPOINTS = 2

Part = Callable[[Layout], Path]


def small_disk(part: Part) -> Place:
    """Return a ground on which a part of the stack's folder is a disk of its own, a small one."""

    @contextmanager
    def place(settings: StackSettings) -> Iterator[StackSettings]:
        need_root("A small disk of its own")
        folder = part(Layout(settings.folder))
        folder.mkdir(parents=True, exist_ok=True)
        if folder.is_mount():  # a killed run has left it
            run("umount", "--lazy", str(folder))
        run("mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m", "cardwatch", str(folder))
        try:
            yield settings
        finally:
            run("umount", "--lazy", str(folder))
            with suppress(OSError):  # with --keep there is more than these in it
                folder.rmdir()
                settings.folder.rmdir()

    return place


def fill(folder: Path) -> Path:
    """Write a file until the disk of a folder has no byte left, and return it."""
    ballast = folder / _BALLAST
    with ballast.open("wb", buffering=0) as file:
        piece = _PIECE
        while piece:
            try:
                file.write(piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece = piece[: len(piece) // 2]
    return ballast


def fill_checkpoints(scene: Scene) -> None:
    """Leave the checkpoints no room until some have failed, for a while, then free it."""
    told = partial(scene.stack.flink.checkpoints, scene.job.id)
    before = told()["counts"]["failed"]

    def seen() -> bool:
        return bool(told()["counts"]["failed"] >= before + _FAILED_CHECKPOINTS)

    _full(scene, scene.stack.layout.checkpoints, seen, "checkpoints fail")
    scene.notes["failed_checkpoints"] = told()["counts"]["failed"] - before


def fill_broker(scene: Scene) -> None:
    """Leave the broker no room until it has stopped, for a while, then free it."""
    before = scene.pid(BROKER)

    def seen() -> bool:
        try:
            return scene.stack.pid(BROKER) != before
        except StackError:  # it has ended and is not back
            return True

    _full(scene, scene.stack.layout.kafka_data, seen, "the broker stops")


def _full(scene: Scene, folder: Path, seen: Callable[[], bool], what: str) -> None:
    lasts_s = scene.random.uniform(_SHORTEST_S, _LONGEST_S)
    ballast = fill(folder)
    try:
        scene.wait_until(seen, _SEEN_S, what)
        time.sleep(lasts_s)
        told = "; ".join(scene.stack.status().problems)
        # Notes are published: without this machine's paths.
        scene.notes["status"] = told.replace(f"{scene.stack.layout.folder}/", "")
    finally:
        ballast.unlink()
        scene.strike()
    scene.notes["lasted_s"] = round(lasts_s, 1)


FAULTS = (
    Fault(
        "full-checkpoints",
        "The disk of the checkpoints is full until some have failed, and 5 to 40 s more.",
        Kind.DISK,
        fill_checkpoints,
        traffic=Traffic(payments=15_000),
        place=small_disk(lambda layout: layout.checkpoints),
    ),
    Fault(
        "full-broker",
        "The broker's disk is full until it has stopped, and 5 to 40 s more.",
        Kind.DISK,
        fill_broker,
        traffic=Traffic(payments=15_000),
        place=small_disk(lambda layout: layout.kafka_data),
    ),
)
