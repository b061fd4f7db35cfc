"""Read whole topics, as a subscriber with read_committed sees them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

from confluent_kafka import Consumer, Message, TopicPartition

from events.decision import decode_decision
from events.label import parse_label
from events.receipt import decode_receipt
from events.topics import DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS
from events.transaction import parse_transaction
from training.parity import Stream

_TIMEOUT_S = 60.0


def read_topic(bootstrap: str, topic: str, *, committed: bool = True) -> list[Message]:
    """Return every record of a topic up to its end at the time of the call."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"test-{uuid.uuid4()}",
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
        raise TimeoutError(f"{topic}: partitions {sorted(open_ends)} did not end")


def wait_for(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll until the condition holds; AssertionError says what did not come about."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:.0f} s"
        time.sleep(0.5)


def read_stream(bootstrap: str) -> Stream:
    """Return what went into the job and what came out of it, committed, repeats left out."""
    payments = {}
    for message in read_topic(bootstrap, TRANSACTIONS.name):
        try:
            payment = parse_transaction(message.value(), message.key(), message.timestamp()[1])
        except ValueError:
            continue
        payments.setdefault(payment.transaction_id, payment)
    return Stream(
        payments=list(payments.values()),
        labels=[parse_label(m.value(), m.key()) for m in read_topic(bootstrap, LABELS.name)],
        decisions=[decode_decision(m.value()) for m in read_topic(bootstrap, DECISIONS.name)],
        receipts=[decode_receipt(m.value()) for m in read_topic(bootstrap, LABEL_RECEIPTS.name)],
    )
