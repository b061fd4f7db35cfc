"""Garbage in the topics becomes dead letters with the original bytes; the job never restarts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer

from events.dead_letter import decode_dead_letter
from events.decision import decode_decision
from events.topics import DEAD_LETTERS, DECISIONS, LABELS, TRANSACTIONS, Topic
from stack.reading import read_topic
from tests.running import running_job

GOOD = {
    "transaction_id": "good",
    "card_id": "tok_1",
    "timestamp": "2024-01-01T10:00:00Z",
    "amount": 12.5,
    "currency": "EUR",
    "merchant_id": "m1",
}
KEY = b"tok_1"


def _but(**changes: object) -> bytes:
    """Return the good payment with some fields changed, or left out where None."""
    fields = {**GOOD, "transaction_id": "bad", **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


TAKEN = {**GOOD, "transaction_id": "taken"}

GARBAGE: dict[str, tuple[str, bytes | None, bytes | None]] = {
    "broken UTF-8": ("not_utf8", KEY, b'{"transaction_id": "\xff\xfe"}'),
    "no value": ("empty", KEY, None),
    "an empty value": ("empty", KEY, b""),
    "not JSON": ("not_json", KEY, b"pay me"),
    "not an object": ("not_an_object", KEY, b"[1, 2]"),
    "a missing field": ("missing_field", KEY, _but(merchant_id=None)),
    "a wrong type": ("wrong_type", KEY, _but(merchant_id=7)),
    "NaN": ("bad_amount", KEY, _but(amount=float("nan"))),
    "infinity": ("bad_amount", KEY, _but(amount=float("inf"))),
    "a negative amount": ("bad_amount", KEY, _but(amount=-1)),
    "the far future": ("bad_timestamp", KEY, _but(timestamp="2199-01-01T00:00:00Z")),
    "another key": ("key_mismatch", b"tok_2", _but()),
    "no key": ("missing_key", None, _but()),
    "a key that is no UTF-8": ("key_mismatch", b"\xff", _but()),
    "a card number": ("card_number", b"4111111111111111", _but(card_id="4111111111111111")),
    "another payment's id": ("id_reused", KEY, _but(transaction_id="taken", amount=13)),
    "a megabyte of nothing": ("too_large", KEY, b" " * 1_000_000),
}


def _values(kafka: str, topic: Topic) -> list[bytes]:
    return [message.value() or b"" for message in read_topic(kafka, topic.name)]


@pytest.mark.timeout(240)
def test_garbage_becomes_dead_letters(tmp_path: Path) -> None:
    """Each kind keeps its bytes, its place and a reason; good payments around it are decided."""
    with running_job(tmp_path / "stack") as job:
        kafka = job.stack.kafka
        producer = Producer({"bootstrap.servers": kafka, "message.max.bytes": 1_040_000})
        places: dict[tuple[str, int, int], tuple[str, bytes | None, bytes | None]] = {}

        def send(topic: str, sent: tuple[str, bytes | None, bytes | None]) -> None:
            def delivered(_: object, message: object) -> None:
                places[message.topic(), message.partition(), message.offset()] = sent  # type: ignore[attr-defined]

            producer.produce(topic, key=sent[1], value=sent[2], on_delivery=delivered)

        producer.produce(TRANSACTIONS.name, key=KEY, value=json.dumps(TAKEN).encode())
        for sent in GARBAGE.values():
            send(TRANSACTIONS.name, sent)
        send(LABELS.name, ("not_json", KEY, b"fraud!"))
        producer.produce(TRANSACTIONS.name, key=KEY, value=json.dumps(GOOD).encode())
        producer.flush()
        job.wait_until_decided(2)
        job.stop()
        letters = [
            decode_dead_letter(m.value() or b"") for m in read_topic(kafka, DEAD_LETTERS.name)
        ]
        decided = [decode_decision(m.value() or b"") for m in read_topic(kafka, DECISIONS.name)]
        assert job.stack.flink.exception(job.job_id) == ""

    assert [decision.transaction_id for decision in decided] == ["taken", "good"]
    found = {(each.topic, each.partition, each.offset): each for each in letters}
    assert len(letters) == len(places) == len(GARBAGE) + 1
    for place, (code, key, value) in places.items():
        letter = found[place]
        assert (letter.code, letter.key, letter.value) == (code, key, value), letter.sentence
        assert letter.sentence.endswith(".")
