"""The producer's log: every record that the broker has confirmed. The oracle's only source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import Message

from events.errors import EventError
from events.label import Label, parse_label
from events.topics import LABELS
from events.transaction import Transaction, parse_transaction

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One confirmed record; `time_ms` is its Kafka time, by which the job judges it too."""

    topic: str
    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None

    @classmethod
    def of(cls, message: Message) -> Sent:
        """Return what a delivery report tells of a record."""
        return cls(
            topic=message.topic() or "",
            partition=_number(message.partition()),
            offset=_number(message.offset()),
            time_ms=message.timestamp()[1],
            key=message.key(),
            value=message.value(),
        )

    @property
    def place(self) -> Place:
        """Place of the record."""
        return self.topic, self.partition, self.offset


@dataclass(frozen=True)
class Asked:
    """Question of a log to the job.

    ``payments`` are in the order of their partitions, repeats left out; ``refused`` has the code of
    the reason for each record that has to become a dead letter.
    """

    payments: list[Transaction]
    labels: list[Label]
    refused: dict[Place, str]
    repeats: int


def asked(log: Iterable[Sent]) -> Asked:
    """Judge every record as the job has to judge it.

    A transaction id that comes again counts as a repeat: traffic that sends one again later than
    the job remembers (24 hours of event time, ADR 0008) is not for this oracle.
    """
    payments: dict[str, Transaction] = {}
    labels: list[Label] = []
    refused: dict[Place, str] = {}
    repeats = 0
    for sent in sorted(log, key=lambda sent: sent.place):
        try:
            if sent.topic == LABELS.name:
                labels.append(parse_label(sent.value, sent.key))
                continue
            payment = parse_transaction(sent.value, sent.key, sent.time_ms)
        except EventError as error:
            refused[sent.place] = error.code
            continue
        repeats += payment.transaction_id in payments
        payments.setdefault(payment.transaction_id, payment)
    return Asked(list(payments.values()), labels, refused, repeats)


def _number(told: int | None) -> int:
    assert told is not None, "a confirmed record has its place"
    return told
