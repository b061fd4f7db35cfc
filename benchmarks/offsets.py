"""Consumers without a group: where topics end, and reading from there."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from benchmarks.errors import BenchmarkError

_TIMEOUT_S = 10.0

Offsets = Mapping[int, int]
"""Partition to offset."""


def consumer_settings(bootstrap: str, *, committed: bool) -> dict[str, str | int | bool]:
    """Return the settings of a consumer that keeps no offsets and waits for nothing."""
    return {
        "bootstrap.servers": bootstrap,
        "group.id": f"cardwatch-bench-{uuid.uuid4()}",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "isolation.level": "read_committed" if committed else "read_uncommitted",
        # A request must not wait for the acknowledgement of the one before.
        "socket.nagle.disable": True,
        "log_level": 0,
    }


def end_positions(consumer: Consumer, topic: str) -> list[TopicPartition]:
    """Return where each partition of a topic ends now, for this consumer's isolation level."""
    known = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
    if known.error is not None:
        raise KafkaException(known.error)
    places = []
    for number in sorted(known.partitions):
        place = TopicPartition(topic, number)
        place.offset = consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S)[1]
        places.append(place)
    return places


def end_offsets(bootstrap: str, topic: str, *, committed: bool) -> dict[int, int]:
    """Return partition to end offset; uncommitted records count unless `committed`."""
    consumer = Consumer(consumer_settings(bootstrap, committed=committed))
    try:
        return {place.partition: place.offset for place in end_positions(consumer, topic)}
    finally:
        consumer.close()


def read(
    bootstrap: str, topic: str, start: Offsets, count: int, *, idle_s: float = 20.0
) -> Iterator[Message]:
    """Yield `count` committed records of a topic from `start` on.

    BenchmarkError where none arrives for `idle_s` before that.
    """
    consumer = Consumer(consumer_settings(bootstrap, committed=True))
    consumer.assign([TopicPartition(topic, number, at) for number, at in start.items()])
    left, last_s = count, time.monotonic()
    try:
        while left:
            messages = consumer.consume(min(left, 1_000), 0.2)
            for message in messages:
                if message.error() is not None:
                    raise KafkaException(message.error())
                yield message
            left -= len(messages)
            now_s = time.monotonic()
            last_s = now_s if messages else last_s
            if now_s - last_s > idle_s:
                raise BenchmarkError(
                    f"{topic}: expected {count:,} records, got {count - left:,} and none for "
                    f"{idle_s:.0f} s; look at the job's exceptions in the Flink web UI."
                )
    finally:
        consumer.close()
