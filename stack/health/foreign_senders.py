"""Checks for the work of other senders: transactions left open, and a compacted topic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from stack.clients.topic_ranges import TopicRanges
from stack.errors import StackError


def held_back(
    committed: Mapping[str, TopicRanges], written: Mapping[str, TopicRanges]
) -> Iterator[str]:
    """Yield a sentence for each partition in which an open transaction keeps records from the job.

    Both arguments hold where partitions end: for a reader of committed records, and for any.
    """
    for name, topic in written.items():
        for number, kept in topic.partitions.items():
            waiting = kept.end - committed[name].partitions.get(number, kept).end
            if waiting > 0:
                yield (
                    f"{name}, partition {number}: up to {waiting:,} records are in a sender's open "
                    "transaction or behind it, and are decided once it ends. One that stays open "
                    "ends by its sender's transaction.timeout.ms."
                )


def compacted(bootstrap: str, names: Iterable[str], timeout_s: float) -> list[str]:
    """Return the topics, out of the given ones, that Kafka compacts.

    Raises:
        StackError: The broker does not answer in time.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    topics = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    asked = admin.describe_configs(topics, request_timeout=timeout_s)
    try:
        return [
            topic.name
            for topic, future in asked.items()
            if "compact" in future.result()["cleanup.policy"].value
        ]
    except KafkaException as error:
        raise StackError(f"Kafka at {bootstrap}: {error.args[0].str()}.") from error


def compaction_problems(names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each input topic of which Kafka keeps the newest record of a card."""
    for name in names:
        yield (
            f"Topic {name} is compacted, so Kafka deletes all but the newest record of a card, "
            "read or not: set its cleanup.policy to delete."
        )
