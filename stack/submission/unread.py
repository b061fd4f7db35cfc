"""Records of the input topics that a job will never read, by its snapshot and the broker.

The snapshot has the offset at which the job goes on in each partition. Where the topic begins
behind it, retention deleted what lay between. Where the topic is another one of the same name, the
offset means nothing there: the job would jump over what is in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from stack.clients.topic_ranges import Range, TopicRanges
from stack.submission.snapshot_offsets import Place

Cause = Literal["deleted", "made_anew", "passed_over"]


class Gap(msgspec.Struct, frozen=True):
    """Offsets of one partition that the job never reads, `first` to `last`.

    `cause` is deleted (by retention or by hand), made_anew (the topic was deleted with what was
    unread in it: `last` is before `first`, because nobody knows how much), or passed_over (the
    topic was made anew, the records are there, and the job would begin behind them).
    """

    topic: str
    partition: int
    first: int
    last: int
    cause: Cause

    @property
    def records(self) -> int:
        """The most records that can be missing: markers of transactions have offsets too."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        place = f"{self.topic}, partition {self.partition}"
        if self.cause == "made_anew":
            return (
                f"{place}: the topic ends before offset {self.first}, where the job goes on. "
                "It was deleted and made anew; what was unread in it is not known."
            )
        what = f"{place}: offsets {self.first} to {self.last} (up to {self.records:,} records)"
        if self.cause == "deleted":
            return f"{what} were deleted before the job read them."
        return (
            f"{what} are passed over. The topic was deleted and made anew, and the job goes on at "
            f"offset {self.last + 1} of the old one."
        )


@dataclass(frozen=True)
class Remembered:
    """A topic at the last submission: its id, and where its partitions began."""

    id: str
    starts: Mapping[int, int]


def find_gaps(
    goes_on: Mapping[Place, int],
    topics: Mapping[str, TopicRanges],
    remembered: Mapping[str, Remembered],
) -> list[Gap]:
    """Return what a job that goes on at these offsets will never read, partition by partition.

    A negative offset, or none, is a partition of which the job has read nothing: it goes on where
    the topic began when the job was submitted last, at 0 where nobody remembers that.
    """
    return [
        gap
        for name, topic in topics.items()
        for number, kept in topic.partitions.items()
        for gap in _gaps(name, number, goes_on, topic, kept, remembered.get(name))
    ]


def _gaps(
    name: str,
    number: int,
    goes_on: Mapping[Place, int],
    topic: TopicRanges,
    kept: Range,
    before: Remembered | None,
) -> Iterator[Gap]:
    at = goes_on.get((name, number), -1)
    anew = before is not None and "" not in (before.id, topic.id) and before.id != topic.id
    if at > kept.end:
        yield Gap(name, number, at, at - 1, "made_anew")
    if anew and kept.start < at <= kept.end:
        yield Gap(name, number, kept.start, at - 1, "passed_over")
    if anew:
        first = 0
    elif at < 0:
        first = before.starts.get(number, 0) if before is not None else 0
    else:
        first = at
    if kept.start > first:
        yield Gap(name, number, first, kept.start - 1, "deleted")
