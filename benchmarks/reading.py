"""Read what went into the job and what came out of it."""

from __future__ import annotations

from collections.abc import Iterator

from events.alert import Alert, decode_alert
from events.decision import decode_decision
from events.errors import EventError
from events.label import Label, parse_label
from events.receipt import decode_receipt
from events.topics import ALERTS, DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS, Topic
from events.transaction import Transaction, parse_transaction
from stack.reading import read_topic
from training.parity import Stream


def read_alerts(bootstrap: str) -> list[Alert]:
    """Return the committed alerts."""
    return [decode_alert(value) for value in _values(bootstrap, ALERTS)]


def read_stream(bootstrap: str) -> Stream:
    """Return the topics' content: committed, garbage and repeats among the payments left out.

    The payments of a card are in the order of the topic.
    """
    return Stream(
        payments=read_payments(bootstrap),
        labels=_labels(bootstrap),
        decisions=[decode_decision(value) for value in _values(bootstrap, DECISIONS)],
        receipts=[decode_receipt(value) for value in _values(bootstrap, LABEL_RECEIPTS)],
    )


def _values(bootstrap: str, topic: Topic) -> Iterator[bytes]:
    return (message.value() or b"" for message in read_topic(bootstrap, topic.name))


def read_decided(bootstrap: str) -> list[str]:
    """Return the transaction id of each committed decision."""
    return [decode_decision(value).transaction_id for value in _values(bootstrap, DECISIONS)]


def read_payments(bootstrap: str) -> list[Transaction]:
    """Return each payment that the job has to decide, judged as the job judges it."""
    payments: dict[str, Transaction] = {}
    for message in read_topic(bootstrap, TRANSACTIONS.name):
        try:
            payment = parse_transaction(message.value(), message.key(), message.timestamp()[1])
        except EventError:
            continue
        payments.setdefault(payment.transaction_id, payment)
    return list(payments.values())


def _labels(bootstrap: str) -> list[Label]:
    """Return each label that the job can read."""
    labels: list[Label] = []
    for message in read_topic(bootstrap, LABELS.name):
        try:
            labels.append(parse_label(message.value(), message.key()))
        except EventError:
            continue
    return labels
