"""Topics as kafka-python reads them, the client that many subscribers have."""

from __future__ import annotations

import time
from typing import NamedTuple

from kafka import KafkaConsumer, TopicPartition

from stack.clients.reading import read_topic

_TIMEOUT_S = 60.0


class Read(NamedTuple):
    """What a subscriber gets of one record."""

    partition: int | None
    offset: int | None
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


def with_kafka_python(bootstrap: str, topic: str, *, committed: bool) -> list[Read]:
    """Return every record of a topic up to its end by kafka-python, by partition and offset."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if committed else "read_uncommitted",
    )
    try:
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        found: list[Read] = []
        deadline = time.monotonic() + _TIMEOUT_S
        while any(consumer.position(place) < end for place, end in ends.items()):
            assert time.monotonic() < deadline, f"{topic} was not read to {ends}"
            for records in consumer.poll(500).values():
                found += [Read(r.partition, r.offset, r.key, r.value, r.timestamp) for r in records]
        return sorted(found)
    finally:
        consumer.close()


def with_confluent_kafka(bootstrap: str, topic: str, *, committed: bool) -> list[Read]:
    """Return the same by confluent-kafka, the client of Cardwatch."""
    return sorted(
        Read(one.partition(), one.offset(), one.key(), one.value(), one.timestamp()[1])
        for one in read_topic(bootstrap, topic, committed=committed)
    )
