"""Read a whole topic up to its end, as a subscriber sees it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from stack.clients.topics import require_broker
from stack.errors import StackError

_TIMEOUT_S: Final = 120.0
_BATCH: Final = 1_000


def read_topic(bootstrap: str, topic: str, *, committed: bool = True) -> list[Message]:
    """Return every record of a topic up to its end at the time of the call; see `each_record`."""
    return list(each_record(bootstrap, topic, committed=committed))


def each_record(bootstrap: str, topic: str, *, committed: bool = True) -> Iterator[Message]:
    """Yield every record of a topic up to its end, without holding them.

    `committed` leaves out what open and aborted transactions have written.

    Raises:
        StackError: No broker answers, the topic is missing, or nothing more comes before its end,
            as when a transaction stays open.
    """
    require_broker(bootstrap)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"cardwatch-reading-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        yield from _messages(consumer, bootstrap, topic)
    except KafkaException as error:
        raise StackError(f"Kafka at {bootstrap}, topic {topic}: {error.args[0].str()}.") from error
    finally:
        consumer.close()


def _messages(consumer: Consumer, bootstrap: str, topic: str) -> Iterator[Message]:
    known = consumer.list_topics(topic, timeout=10).topics[topic]
    if known.error is not None:
        raise StackError(
            f"Kafka at {bootstrap} has no topic {topic}: ./cardwatch up creates the topics."
        )
    consumer.assign([TopicPartition(topic, number, 0) for number in known.partitions])
    open_ends = set(known.partitions)
    deadline = time.monotonic() + _TIMEOUT_S
    while open_ends and time.monotonic() < deadline:
        for message in consumer.consume(_BATCH, 1.0):
            error = message.error()
            if error is None:
                deadline = time.monotonic() + _TIMEOUT_S
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                open_ends.discard(message.partition())
            elif not error.retriable():
                raise KafkaException(error)
    if open_ends:
        raise StackError(
            f"Topic {topic} at partitions {sorted(open_ends)} was not read to its end: nothing "
            f"came for {_TIMEOUT_S:.0f} s. Is a transaction of a stopped job still open?"
        )
