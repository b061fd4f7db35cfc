"""Consumers without a group: where topics end, and reading from there."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from harness.errors import BenchmarkError

_TIMEOUT_S = 10.0
_SETTLE_S = 60.0
_NO_LEADER_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)

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
        place.offset = _end(consumer, place)
        places.append(place)
    return places


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """Return where a partition ends; on a broker that has just started, once it has a leader."""
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            end: int = consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S)[1]
            return end
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def end_offsets(bootstrap: str, topic: str, *, committed: bool) -> dict[int, int]:
    """Return partition to end offset; uncommitted records count unless `committed`."""
    consumer = Consumer(consumer_settings(bootstrap, committed=committed))
    try:
        return {place.partition: place.offset for place in end_positions(consumer, topic)}
    finally:
        consumer.close()


def wait_until_settled(bootstrap: str, topic: str, *, still_s: float = 2.5) -> None:
    """Wait until a topic has not grown for a while and every record in it is committed.

    BenchmarkError where that takes longer than a minute.
    """
    deadline = time.monotonic() + _SETTLE_S
    while time.monotonic() < deadline:
        before = end_offsets(bootstrap, topic, committed=False)
        time.sleep(still_s)
        after = end_offsets(bootstrap, topic, committed=False)
        if before == after == end_offsets(bootstrap, topic, committed=True):
            return
    raise BenchmarkError(
        f"{topic}: expected every record committed within {_SETTLE_S:.0f} s, and some are not; "
        "look at the job's checkpoints in the Flink web UI."
    )


def read(bootstrap: str, topic: str, start: Offsets) -> Iterator[Message]:
    """Yield every committed record of a topic from `start` to its end."""
    settings = consumer_settings(bootstrap, committed=True)
    consumer = Consumer({**settings, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, number, at) for number, at in start.items()])
    open_ends = set(start)
    try:
        while open_ends:
            for message in consumer.consume(1_000, 0.2):
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_ends.discard(message.partition())
                else:
                    raise KafkaException(error)
    finally:
        consumer.close()
