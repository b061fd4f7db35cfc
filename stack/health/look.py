"""Whether all is well with a running stack: the job, its topics, and what it has yet to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from events.topics import INPUTS, TOPICS
from stack.clients.flink import FlinkClient
from stack.clients.topic_ranges import GROUP, TopicRanges, committed_offsets, topic_ranges
from stack.errors import StackError
from stack.health.foreign_senders import compacted, compaction_problems, held_back
from stack.health.job_report import JobReport, notes, problems, report
from stack.services.embedded import Stack
from stack.submission.snapshots import newest_snapshot

_TIMEOUT_S: Final = 1.5
"""Longest wait for one answer, so that `status` is done within seconds whatever hangs."""

_DECLARED: Final = {topic.name: topic for topic in TOPICS}


@dataclass(frozen=True)
class Lag:
    """Records of one partition that the job has yet to read, from its committed offset to the end.

    `deleted` counts what lies in front of the topic's beginning, so that it is gone.
    """

    topic: str
    partition: int
    records: int
    deleted: int


@dataclass(frozen=True)
class Health:
    """The job, the partitions of each topic (0 where it is missing), the lag, and what is wrong.

    `problems` are sentences with the next step; `notes` say what is worth knowing and not wrong.
    """

    job: JobReport | None = None
    partitions: Mapping[str, int] = field(default_factory=dict)
    lag: Sequence[Lag] = ()
    job_problems: Sequence[str] = ()
    topic_problems: Sequence[str] = ()
    lag_problems: Sequence[str] = ()
    notes: Sequence[str] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong, the job first."""
        return (*self.job_problems, *self.topic_problems, *self.lag_problems)

    @property
    def waiting(self) -> int:
        """The most records that the job has yet to read: markers of transactions count too."""
        return sum(one.records for one in self.lag)

    def to_json(self) -> dict[str, object]:
        """Return the keys that `status --json` has beside those of the processes."""
        return {
            "job": None if self.job is None else self.job.to_json(),
            "topics": {
                name: {"partitions": found, "declared_partitions": _DECLARED[name].partitions}
                for name, found in self.partitions.items()
            },
            "lag": self.waiting,
            "notes": list(self.notes),
        }


def look(stack: Stack, *, broker_serves: bool) -> Health:
    """Look at the job and the topics of a stack whose supervisor runs."""
    job, job_problems, told = _job(replace(stack.flink, timeout_s=_TIMEOUT_S))
    if not broker_serves:
        return Health(job, job_problems=job_problems, notes=told)
    try:
        topics = topic_ranges(stack.kafka, _DECLARED, committed=True, timeout_s=_TIMEOUT_S)
        inputs = [topic.name for topic in INPUTS if topic.name in topics]
        written = topic_ranges(stack.kafka, inputs, timeout_s=_TIMEOUT_S)
        compaction = compaction_problems(compacted(stack.kafka, inputs, _TIMEOUT_S))
    except StackError as error:
        return Health(job, job_problems=job_problems, topic_problems=[str(error)], notes=told)
    try:
        lag = list(lags(topics, committed_offsets(stack.kafka, GROUP, topics, _TIMEOUT_S)))
    except StackError as error:
        lag, told = [], [*told, f"How far the job has read is not known yet: {error}"]
    if job is None and not job_problems:
        waiting = sum(one.records for one in lag)
        job_problems, told = no_job(waiting, newest_snapshot(stack.layout))
    return Health(
        job,
        {name: len(topics[name].partitions) if name in topics else 0 for name in _DECLARED},
        lag,
        job_problems,
        [*topic_problems(topics, job.parallelism if job else 1), *compaction],
        list(lag_problems(lag)),
        [*told, *topic_notes(topics), *held_back(topics, written)],
    )


def _job(flink: FlinkClient) -> tuple[JobReport | None, list[str], list[str]]:
    try:
        job = report(flink)
    except (StackError, LookupError) as error:
        return None, [f"The job cannot be looked at: {error}"], []
    return (job, list(problems(job)), list(notes(job))) if job else (None, [], [])


def no_job(waiting: int, snapshot: Path | None) -> tuple[list[str], list[str]]:
    """Return problems and notes of a cluster that knows of no job, as after its start."""
    if snapshot is None:
        return [], ["No job has been submitted: start it with ./cardwatch submit."]
    resumes = f"No job runs: ./cardwatch submit goes on from {snapshot.name}"
    if waiting:
        return [f"{resumes}. Up to {waiting:,} records wait for it."], []
    return [], [f"{resumes}; nothing waits for it."]


def lags(
    topics: Mapping[str, TopicRanges], committed: Mapping[tuple[str, int], int]
) -> Iterator[Lag]:
    """Yield what the job has yet to read of each partition of its input topics."""
    for topic in INPUTS:
        for number, kept in topics[topic.name].partitions.items() if topic.name in topics else ():
            at = committed.get((topic.name, number), kept.start)
            # What lies in front of an empty partition may be the marker of a transaction alone.
            deleted = max(0, kept.start - at) if kept.end > kept.start else 0
            yield Lag(topic.name, number, max(0, kept.end - max(at, kept.start)), deleted)


def topic_problems(topics: Mapping[str, TopicRanges], parallelism: int) -> Iterator[str]:
    """Yield a sentence for each topic that is missing or has too few partitions for the job."""
    for name in _DECLARED:
        if name not in topics:
            yield (
                f"Topic {name} is missing: ./cardwatch up creates it anew; what was in it is gone."
            )
    for name in (topic.name for topic in INPUTS if topic.name in topics):
        found = len(topics[name].partitions)
        if found < parallelism:
            yield (
                f"Topic {name} has {found} partitions for a job of parallelism {parallelism}, so "
                f"some of its subtasks read nothing: submit it with --parallelism {found}."
            )


def topic_notes(topics: Mapping[str, TopicRanges]) -> Iterator[str]:
    """Yield a sentence for each topic with another number of partitions than declared."""
    for name, topic in topics.items():
        found, declared = len(topic.partitions), _DECLARED[name].partitions
        if found != declared:
            yield (
                f"Topic {name} has {found} partitions, and {declared} are declared: a card's "
                "payments keep their order only as long as the number stays the same."
            )


def lag_problems(lag: Sequence[Lag]) -> Iterator[str]:
    """Yield a sentence for each partition whose records are deleted before the job reads them."""
    for one in lag:
        if one.deleted:
            yield (
                f"{one.topic}, partition {one.partition}: up to {one.deleted:,} records were "
                "deleted before the job read them; lengthen retention.ms of the topic. "
                "./cardwatch submit records what is lost, and ./cardwatch audit names it."
            )
