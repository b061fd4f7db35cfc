"""The producer against a real broker: what the summary claims is what the topics hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from events.label import parse_label
from events.transaction import Transaction, parse_transaction
from producer.errors import SendError
from producer.files.mapping import payments_of, read
from producer.files.reading import open_file
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from producer.sending.feed import Source
from producer.sending.kafka import KafkaSettings
from producer.sending.run import INTERRUPTED, RunSettings, to_kafka
from producer.stream.labels import DAY_MS, LabelSettings
from stack.services.embedded import Stack
from tests.unit.producer.samples import GOOD_ROW, OWN, TOKENIZER, VISA, write_csv
from tests.waiting import PATIENCE_S, wait_for

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 3
NOW_MS = 1_800_000_000_000

MakeTopics = Callable[..., KafkaSettings]


@pytest.fixture
def topics(stack: Stack) -> MakeTopics:
    """Return a function that makes a pair of empty topics with topic options of its own."""

    def make(**options: str) -> KafkaSettings:
        mark = uuid.uuid4().hex[:8]
        settings = KafkaSettings(stack.kafka, f"payments-{mark}", f"labels-{mark}")
        admin = AdminClient({"bootstrap.servers": stack.kafka})
        wanted = [
            NewTopic(name, PARTITIONS, 1, config=options)
            for name in (settings.transactions, settings.labels)
        ]
        for made in admin.create_topics(wanted).values():
            made.result(30)
        for topic in (settings.transactions, settings.labels):
            wait_for(partial(is_empty, settings, topic), f"{topic} made")
        return settings

    return make


def records_in(settings: KafkaSettings, topic: str) -> int | None:
    """Return how many records a topic holds; None while the broker is not ready to say."""
    consumer = Consumer({"bootstrap.servers": settings.bootstrap, "group.id": "none"})
    try:
        known = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        if len(known) < PARTITIONS:
            return None
        parts = [TopicPartition(topic, number) for number in known]
        return sum(consumer.get_watermark_offsets(part, 10)[1] for part in parts)
    except KafkaException:
        return None
    finally:
        consumer.close()


def is_empty(settings: KafkaSettings, topic: str) -> bool:
    return records_in(settings, topic) == 0


def consume(settings: KafkaSettings, topic: str) -> list[Message]:
    """Return everything in a topic, partition by partition."""
    count = records_in(settings, topic)
    assert count is not None
    consumer = Consumer({"bootstrap.servers": settings.bootstrap, "group.id": "none"})
    found: list[Message] = []
    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        deadline = time.monotonic() + PATIENCE_S
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} consumed"
            found += consumer.consume(min(10_000, count - len(found)), 1.0)
    finally:
        consumer.close()
    assert all(message.error() is None for message in found)
    return sorted(found, key=lambda message: (message.partition() or 0, message.offset() or 0))


def payments_in(settings: KafkaSettings) -> list[Transaction]:
    return [
        parse_transaction(message.value(), message.key(), NOW_MS)
        for message in consume(settings, settings.transactions)
    ]


def test_every_payment_arrives_once_in_its_cards_order_with_the_labels_that_are_due(
    topics: MakeTopics,
) -> None:
    settings = topics()
    run = RunSettings(labels=LabelSettings(delay_ms=2 * DAY_MS), limit=50_000)
    summary = to_kafka(generate(GeneratorSettings(days=10)), run, settings)
    payments = payments_in(settings)
    labels = [
        parse_label(message.value(), message.key())
        for message in consume(settings, settings.labels)
    ]

    assert summary.payments == len(payments) == 50_000
    assert len({payment.transaction_id for payment in payments}) == 50_000
    last_of: dict[str, int] = {}
    for payment in payments:
        assert payment.timestamp_ms >= last_of.get(payment.card_id, 0)
        last_of[payment.card_id] = payment.timestamp_ms

    end_ms = max(payment.timestamp_ms for payment in payments)
    due = {p.transaction_id for p in payments if p.timestamp_ms + 2 * DAY_MS <= end_ms}
    assert summary.labels == len(labels)
    assert {label.transaction_id for label in labels} == due
    assert summary.labels_not_due == 50_000 - len(labels)
    assert all(label.label_time_ms == label.timestamp_ms + 2 * DAY_MS for label in labels)


def test_a_card_has_one_partition_for_payments_and_labels(topics: MakeTopics) -> None:
    settings = topics()
    run = RunSettings(labels=LabelSettings(delay_ms=0, drain=True), limit=2_000)
    to_kafka(generate(GeneratorSettings(days=2)), run, settings)
    places: dict[bytes, set[int]] = {}
    for topic in (settings.transactions, settings.labels):
        for message in consume(settings, topic):
            places.setdefault(message.key() or b"", set()).add(message.partition() or 0)
    assert all(len(partitions) == 1 for partitions in places.values())


def test_no_card_number_is_in_any_byte_that_was_sent(topics: MakeTopics, tmp_path: Path) -> None:
    settings = topics()
    rows = [{**GOOD_ROW, "card": card} for card in (VISA, "4111 1111 1111 1111", "card-7")]
    path = write_csv(tmp_path / "own.csv", rows)
    run = RunSettings(labels=LabelSettings(drain=True))
    summary = to_kafka(read(path, OWN, TOKENIZER), run, settings)
    assert (summary.payments, summary.labels) == (3, 3)
    for topic in (settings.transactions, settings.labels):
        for message in consume(settings, topic):
            sent = (message.key() or b"") + (message.value() or b"")
            assert VISA.encode() not in sent.replace(b" ", b"")


def test_a_file_that_breaks_off_has_sent_what_its_summary_says(
    topics: MakeTopics, tmp_path: Path
) -> None:
    settings = topics()
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW] * 70_000)
    path.write_bytes(path.read_bytes() + b"c1,2024-05-01T12:00:00Z,1.00,caf\xe9,0\n")
    file = open_file(path, OWN)
    run = RunSettings(labels=LabelSettings(which="none"))
    summary = to_kafka(
        payments_of(file, TOKENIZER), run, settings, source=Source(account=file.account)
    )
    assert summary.broken_off and "row 70,001 (line 70,002)" in (summary.stopped or "")
    assert summary.rows_read == summary.payments == 70_000
    assert summary.payments == records_in(settings, settings.transactions)


def test_records_that_the_broker_refuses_are_counted_by_name(topics: MakeTopics) -> None:
    settings = topics(**{"max.message.bytes": "100"})
    run = RunSettings(labels=LabelSettings(which="none"), limit=10)
    summary = to_kafka(generate(GeneratorSettings(days=1)), run, settings)
    assert summary.failed == {"MSG_SIZE_TOO_LARGE": 10}
    assert summary.payments == 0 == len(payments_in(settings))


def test_a_missing_topic_is_named_before_anything_is_sent(stack: Stack) -> None:
    settings = KafkaSettings(stack.kafka, transactions="nowhere")
    with pytest.raises(SendError, match="expected topic nowhere, got none"):
        to_kafka(generate(GeneratorSettings(days=1)), RunSettings(), settings)


@pytest.mark.parametrize("rate", [(), ("--rate", "2000")])
def test_an_interrupt_loses_nothing_that_the_summary_claims(
    topics: MakeTopics, tmp_path: Path, rate: tuple[str, ...]
) -> None:
    settings = topics()
    summary_path = tmp_path / "summary.json"
    call = [sys.executable, "-m", "cli.main", "produce", "generate", "--bootstrap",
            settings.bootstrap, "--transactions-topic", settings.transactions, "--labels-topic",
            settings.labels, "--label-delay", "1d", "--json", str(summary_path), *rate]  # fmt: skip
    process = subprocess.Popen(call, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        wait_for(
            lambda: (records_in(settings, settings.transactions) or 0) > 1_000, "1,000 payments"
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
    finally:
        process.kill()
        process.wait()
    summary = json.loads(summary_path.read_text())
    assert summary["stopped"] == INTERRUPTED
    assert summary["payments"] == len(payments_in(settings)) > 0
    assert summary["labels"] == len(consume(settings, settings.labels))
