"""Read a whole topic up to its end, as a subscriber sees it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Final

from confluent_kafka import Consumer, Message, TopicPartition

from stack.errors import StackError

_TIMEOUT_S: Final = 120.0


def read_topic(bootstrap: str, topic: str, *, committed: bool = True) -> list[Message]:
    """Return every record of a topic up to its end at the time of the call.

    `committed` leaves out what open and aborted transactions have written. StackError where the
    end is not reached in time, as when a transaction stays open.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"cardwatch-reading-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "enable.partition.eof": True,
        }
    )
    try:
        return list(_messages(consumer, topic))
    finally:
        consumer.close()


def _messages(consumer: Consumer, topic: str) -> Iterator[Message]:
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    open_ends = set(partitions)
    deadline = time.monotonic() + _TIMEOUT_S
    while open_ends and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error() is None:
            yield message
        else:  # the end of a partition
            open_ends.discard(message.partition())
    if open_ends:
        raise StackError(
            f"Topic {topic} at partitions {sorted(open_ends)} was not read to its end within "
            f"{_TIMEOUT_S:.0f} s: is a transaction of a stopped job still open?"
        )
