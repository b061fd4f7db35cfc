"""Hold the snapshot that a job will go on from against the topics that it will read."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from events.topics import INPUTS
from stack.clients.topic_ranges import GROUP, TopicRanges, committed_offsets, topic_ranges
from stack.clients.topics import require_topics
from stack.errors import StackError
from stack.installation import Installation
from stack.settings import Layout
from stack.submission.snapshot_offsets import next_offsets
from stack.submission.unread import Gap, Remembered, find_gaps
from stack.submission.unread_record import record_gaps, remembered_topics


@dataclass(frozen=True)
class Outlook:
    """Records that a job started now will read, and records that it will never read.

    `unknown` says in a sentence why its snapshot could not be looked into, empty where it was.
    """

    topics: Mapping[str, TopicRanges]
    gaps: Sequence[Gap]
    unknown: str = ""

    @property
    def passed_over(self) -> list[Gap]:
        """The gaps whose records are still there, so that waiting saves them."""
        return [gap for gap in self.gaps if gap.cause == "passed_over"]

    @property
    def records(self) -> int:
        """The most records that the job will never read."""
        return sum(gap.records for gap in self.gaps)


def look_ahead(
    install: Installation, layout: Layout, bootstrap: str, snapshot: Path | None
) -> Outlook:
    """Say what a job will read that starts from a snapshot, or without one.

    Raises:
        StackError: No broker answers, or a topic is missing.
    """
    require_topics(bootstrap, *INPUTS)
    topics = topic_ranges(bootstrap, [topic.name for topic in INPUTS])
    if snapshot is None:
        return Outlook(topics, [])
    try:
        goes_on = next_offsets(install, snapshot)
    except StackError as error:
        return Outlook(topics, [], str(error))
    return Outlook(topics, find_gaps(goes_on, topics, _known(layout, bootstrap, topics)))


def record(layout: Layout, outlook: Outlook, snapshot: Path | None) -> None:
    """Write down what the job will never read, for `audit`."""
    if snapshot is not None:
        record_gaps(layout, outlook.gaps, snapshot, time.time_ns() // 1_000_000)


def _known(
    layout: Layout, bootstrap: str, topics: Mapping[str, TopicRanges]
) -> dict[str, Remembered]:
    """Return the topics of the last job, without the id of one that the job read on anew.

    Kafka forgets the offsets of a consumer group together with a deleted topic. Where the job has
    committed offsets it still ran when the topic was made anew, and its snapshot is of that one.
    """
    read_on = {topic for topic, _ in committed_offsets(bootstrap, GROUP, topics)}
    return {
        name: replace(topic, id="") if name in read_on else topic
        for name, topic in remembered_topics(layout).items()
    }
