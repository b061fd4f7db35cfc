"""Beginning and end of topics in the broker, and the identity behind a topic's name."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
)
from confluent_kafka import TopicPartition as Partition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from stack.clients.topics import require_broker
from stack.errors import StackError

GROUP: Final = "cardwatch"
"""The consumer group in which the job commits its offsets with each checkpoint."""

_TIMEOUT_S: Final = 5.0
_NEW_TOPIC_S: Final = 10.0
"""The partitions of a topic that was just made have a leader within a second or two."""

_NO_LEADER_YET: Final = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
_ENDS: Final = (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Range:
    """The offsets of one partition: the first that is kept, and the one behind the last."""

    start: int
    end: int


@dataclass(frozen=True)
class TopicRanges:
    """One topic: the id that the broker gave it when it was made, and its partitions."""

    id: str
    partitions: Mapping[int, Range]


def topic_ranges(
    bootstrap: str, names: Iterable[str], *, committed: bool = False, timeout_s: float = _TIMEOUT_S
) -> dict[str, TopicRanges]:
    """Return the topics of these names that exist.

    Args:
        bootstrap: Where the broker is.
        names: Names of topics; one that does not exist is left out.
        committed: Whether a partition ends where a reader of committed records has to stop.
        timeout_s: Longest wait for each of three answers.

    Raises:
        StackError: No broker answers.
    """
    wanted, deadline = list(names), time.monotonic() + _NEW_TOPIC_S
    with _admin(bootstrap) as admin:
        while True:
            try:
                return dict(_ranges(admin, wanted, committed=committed, timeout_s=timeout_s))
            except KafkaException as error:
                if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)


def committed_offsets(
    bootstrap: str,
    group: str,
    topics: Mapping[str, TopicRanges],
    timeout_s: float = _TIMEOUT_S,
) -> dict[tuple[str, int], int]:
    """Return the offset behind the last record that a group has committed, by partition.

    A consumer asks: the admin client of confluent-kafka 2.16 ends the process where the broker
    has not loaded the group yet. It does not join the group.

    Raises:
        StackError: The broker does not answer in time.
    """
    require_broker(bootstrap)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    places = [Partition(name, number) for name in topics for number in topics[name].partitions]
    try:
        told = consumer.committed(places, timeout=timeout_s)
    except KafkaException as error:
        raise StackError(f"Kafka at {bootstrap}: {error.args[0].str()}.") from error
    finally:
        consumer.close()
    return {(place.topic, place.partition): place.offset for place in told if place.offset >= 0}


@contextmanager
def _admin(bootstrap: str) -> Iterator[AdminClient]:
    """Connect to a broker; what it does not answer is a StackError of one sentence."""
    require_broker(bootstrap)
    try:
        yield AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    except KafkaException as error:
        raise StackError(f"Kafka at {bootstrap}: {error.args[0].str()}.") from error


def _ranges(
    admin: AdminClient, names: list[str], *, committed: bool, timeout_s: float
) -> Iterator[tuple[str, TopicRanges]]:
    ids = _topic_ids(admin, names, timeout_s)
    known = admin.list_topics(timeout=timeout_s).topics
    places = [Partition(name, number) for name in ids for number in known[name].partitions]
    isolation = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
    starts, ends = (
        {
            (place.topic, place.partition): told.result().offset
            for place, told in admin.list_offsets(
                dict.fromkeys(places, spec),
                isolation_level=isolation,
                request_timeout=timeout_s,
            ).items()
        }
        for spec in _ENDS
    )
    for name, topic_id in ids.items():
        numbers = sorted(known[name].partitions)
        yield (
            name,
            TopicRanges(topic_id, {n: Range(starts[name, n], ends[name, n]) for n in numbers}),
        )


def _topic_ids(admin: AdminClient, names: list[str], timeout_s: float) -> dict[str, str]:
    """Return the id of each topic that exists, empty where the broker has no ids."""
    found = {}
    asked = admin.describe_topics(TopicCollection(names), request_timeout=timeout_s)
    for name, future in asked.items():
        try:
            found[name] = str(future.result().topic_id or "")
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
    return found
