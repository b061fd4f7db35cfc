"""Memory of `submit` beside the checkpoints: topics of the last job, and every gap found.

Both files lie in the folder of the checkpoints, which outlives the cluster, the job and, in
containers, the container; they end with the data that they describe.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from events.errors import one_line
from stack.clients.topic_ranges import TopicRanges
from stack.errors import StackError
from stack.settings import Layout
from stack.submission.unread import Gap, Remembered

_TOPICS = "topics.json"
_GAPS = "unread.jsonl"
_LONGEST_REASON = 200

T = TypeVar("T")


class Found(msgspec.Struct, frozen=True):
    """A gap, when it was found (epoch milliseconds), and the snapshot that the job went on from."""

    found_ms: int
    snapshot: str
    gap: Gap


def remember_topics(layout: Layout, topics: Mapping[str, TopicRanges]) -> None:
    """Keep which topics the job reads from now on, and where they begin."""
    known = {
        name: Remembered(topic.id, {n: kept.start for n, kept in topic.partitions.items()})
        for name, topic in topics.items()
    }
    layout.checkpoints.mkdir(parents=True, exist_ok=True)
    file = layout.checkpoints / _TOPICS
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(known)) + b"\n")
    new.replace(file)


def remembered_topics(layout: Layout) -> dict[str, Remembered]:
    """Return the topics of the last job by name, none where no job has been submitted."""
    file = layout.checkpoints / _TOPICS
    return _read(file, dict[str, Remembered]) if file.exists() else {}


def record_gaps(layout: Layout, gaps: Iterable[Gap], snapshot: Path, found_ms: int) -> None:
    """Add gaps to those found before; they are on the disk when this returns."""
    lines = [msgspec.json.encode(Found(found_ms, snapshot.name, gap)) + b"\n" for gap in gaps]
    if lines:
        layout.checkpoints.mkdir(parents=True, exist_ok=True)
        with (layout.checkpoints / _GAPS).open("ab") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())


def recorded_gaps(layout: Layout) -> list[Found]:
    """Return every gap found so far, in the order of the submissions.

    One that was found again, as after a submission that failed, counts as it was found last.
    """
    file = layout.checkpoints / _GAPS
    if not file.exists():
        return []
    found = (_read(file, Found, line) for line in file.read_bytes().splitlines())
    return list(
        {
            (one.gap.topic, one.gap.partition, one.gap.first, one.gap.cause): one for one in found
        }.values()
    )


def _read(file: Path, kind: type[T], text: bytes | None = None) -> T:
    try:
        return msgspec.json.decode(file.read_bytes() if text is None else text, type=kind)
    except (OSError, ValueError) as error:
        raise StackError(
            f"{file} cannot be read ({one_line(error, _LONGEST_REASON)}): move it away and "
            "try again; it has the gaps that earlier submissions found."
        ) from error
