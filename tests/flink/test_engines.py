"""Both engines give the same answers, and each goes on from the other's savepoint.

One stream goes through four jobs, on one stack:

1. pyflink takes the first part, which lies in one partition, so that its order is fixed;
2. batch begins anew with the same part, and ends with a savepoint;
3. pyflink goes on with the second part at parallelism 2, and ends with a savepoint;
4. batch goes on with the third part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final, TypeVar
from zlib import crc32

import msgspec
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from events.alert import Alert, decode_alert, encode_alert
from events.decision import Decision, decode_decision, encode_decision
from events.topics import (
    ALERTS,
    DEAD_LETTERS,
    DECISIONS,
    LABELS,
    PARTITIONS,
    TRANSACTIONS,
)
from events.transaction import Transaction, encode_transaction
from features.windows import MAX_CARD_EVENTS, MINUTE_MS
from harness.offsets import end_offsets
from producer.stream.disorder import Disorder, Disordered, disordered
from producer.stream.labels import LabelSettings
from producer.stream.records import Record, Records
from producer.stream.selection import Selection
from producer.world.generate import generate
from stack.clients.reading import read_topic
from stack.services.embedded import Stack
from tests.running import emptied, levels, shipped_bundle, start_anew
from tests.traffic import FIRST_DAY_MS, simulation
from verify.parity.compare import Stream, compare
from verify.reading import read_stream

Answers = dict[str, Counter[bytes]]
"""Answers by their topic, without the time at which they were made."""

Answer = TypeVar("Answer", Decision, Alert)

ANSWERED: Final = (DECISIONS, ALERTS, DEAD_LETTERS)
"""Topics that the first part has answers in; it has no labels."""

BROKEN: Final = 20
REPEATED: Final = 50
HOT: Final = next(key for n in count() if not crc32(key := b"hot-%d" % n) % PARTITIONS)
"""A card of the first part that pays so often that its state is compacted."""
SHOPS: Final = 10
"""Merchants that the card pays at, so often that their states are in parts."""


@dataclass(frozen=True)
class Run:
    """Number of payments and kinds of disorder sent, and what the four jobs answered."""

    sent: Disordered
    payments: int
    of_pyflink: Answers
    of_batch: Answers
    stream: Stream


@pytest.fixture(scope="module")
def run(job_stack: Stack) -> Iterator[Run]:
    world = simulation(days=14, cards=100)
    records = Records(generate(world), Selection(), LabelSettings())
    sent = disordered(records, Disorder(seed=5))
    first, second, third = _parts(sent.records)
    payments = _payments(first, second, third)
    with emptied(job_stack) as stack:
        kafka = stack.kafka
        try:
            _send(kafka, first)
            job = start_anew(stack, "pyflink", parallelism=1)
            job.wait_until_decided(_payments(first))
            job.stop()
            of_pyflink = _take_answers(kafka)

            job = start_anew(stack, "batch", parallelism=1)
            job.wait_until_decided(_payments(first))
            savepoint = job.stop()
            of_batch = _answers(kafka)

            _send(kafka, second)
            stack.scale(4)
            job.resume(savepoint, "pyflink", parallelism=2)
            job.wait_until_decided(_payments(first, second))
            savepoint = job.stop()

            _send(kafka, third)
            job.resume(savepoint, "batch", parallelism=2)
            job.wait_until_decided(payments)
            job.stop()
            yield Run(sent, payments, of_pyflink, of_batch, read_stream(kafka))
        finally:
            stack.scale(2)


def test_the_same_payments_give_the_same_bytes_by_both_engines(run: Run) -> None:
    """Repeats, garbage, a card that is compacted, and merchants whose states are in parts.

    The consumer group has the offsets of the first job: the second begins at the beginning.
    """
    assert run.of_batch == run.of_pyflink
    found = {name: answers.total() for name, answers in run.of_batch.items()}
    assert found[DECISIONS.name] > MAX_CARD_EVENTS
    assert found[DEAD_LETTERS.name] == BROKEN
    assert found[ALERTS.name] > 20


def test_engines_and_parallelisms_share_state(run: Run) -> None:
    """A stream that changes both twice equals one offline replay, bit by bit."""
    stream, sent = run.stream, run.sent
    assert min(sent.late, sent.repeats, sent.late_labels, sent.corrections) > 20
    assert len(stream.receipts) == len(stream.labels) == sent.labels
    assert levels(stream) == {"LOW", "MEDIUM", "HIGH"}
    assert {"late", "compacted_card"} <= {flag for one in stream.decisions for flag in one.flags}
    report = compare(stream, shipped_bundle())
    assert report.equal, report
    assert report.payments == run.payments


def _parts(records: list[Record]) -> tuple[list[Record], list[Record], list[Record]]:
    """Divide a stream in three; of the first third one partition's payments make the first part."""
    third = len(records) // 3
    ahead = [one for one in records[:third] if not one.is_label and not _partition(one)]
    behind = [one for one in records[:third] if one.is_label or _partition(one)]
    hot = list(_of_the_hot_card())
    first = [*_broken(), *hot, *hot[-REPEATED:], *ahead]
    return first, [*behind, *records[third : 2 * third]], records[2 * third :]


def _broken() -> Iterator[Record]:
    return (Record(False, HOT, b"garbage %d" % n, FIRST_DAY_MS) for n in range(BROKEN))


def _of_the_hot_card() -> Iterator[Record]:
    """Yield a payment each minute, the last of them with a history that is compacted."""
    for number in range(MAX_CARD_EVENTS + 100):
        payment = Transaction(
            transaction_id=f"hot-{number}",
            card_id=HOT.decode(),
            timestamp_ms=FIRST_DAY_MS + number * MINUTE_MS,
            amount_minor=100 + number,
            currency="EUR",
            merchant_id=f"shop-{number % SHOPS}",
        )
        yield Record(False, HOT, encode_transaction(payment), payment.timestamp_ms)


def _partition(record: Record) -> int:
    return crc32(record.key) % PARTITIONS


def _payments(*parts: list[Record]) -> int:
    """Count the payments to decide, repeats and garbage left out."""
    values = {one.value for part in parts for one in part if not one.is_label}
    return len(values) - BROKEN


def _send(kafka: str, records: Iterable[Record]) -> None:
    """Send records, each to the partition of its card."""
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True})
    for record in records:
        topic = LABELS if record.is_label else TRANSACTIONS
        producer.produce(topic.name, record.value, record.key, _partition(record))
    assert producer.flush(60) == 0


def _answers(kafka: str) -> Answers:
    """Count the committed answers of each topic."""
    found = {
        topic.name: [message.value() or b"" for message in read_topic(kafka, topic.name)]
        for topic in ANSWERED
    }
    decisions = (decode_decision(value) for value in found[DECISIONS.name])
    alerts = (decode_alert(value) for value in found[ALERTS.name])
    return {
        **{name: Counter(values) for name, values in found.items()},
        DECISIONS.name: Counter(encode_decision(_timeless(one)) for one in decisions),
        ALERTS.name: Counter(encode_alert(_timeless(one)) for one in alerts),
    }


def _timeless(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, decided_ms=0)


def _take_answers(kafka: str) -> Answers:
    """Return the answers and delete them, so that those of the next job stand alone."""
    found = _answers(kafka)
    ends = (
        TopicPartition(topic.name, partition, offset)
        for topic in ANSWERED
        for partition, offset in end_offsets(kafka, topic.name, committed=False).items()
    )
    client = AdminClient({"bootstrap.servers": kafka})
    for deleted in client.delete_records(list(ends)).values():
        deleted.result(60)
    return found
