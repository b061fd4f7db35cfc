"""Read what went into the job and what came out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from events.alert import Alert, decode_alert
from events.decision import decode_decision
from events.errors import EventError
from events.label import Label, parse_label
from events.receipt import decode_receipt
from events.topics import ALERTS, DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS, Topic
from events.transaction import Transaction, parse_transaction
from stack.clients.readable import readable
from stack.clients.reading import each_record
from verify.parity.compare import Stream

E = TypeVar("E")


def read_alerts(bootstrap: str) -> list[Alert]:
    """Return the committed alerts."""
    return _events(bootstrap, ALERTS, decode_alert)


def read_stream(bootstrap: str) -> Stream:
    """Return the topics' content: committed, garbage and repeats among the payments left out.

    The payments of a card are in the order of the topic.
    """
    return Stream(
        payments=read_payments(bootstrap),
        labels=_labels(bootstrap),
        decisions=_events(bootstrap, DECISIONS, decode_decision),
        receipts=_events(bootstrap, LABEL_RECEIPTS, decode_receipt),
    )


def _events(bootstrap: str, topic: Topic, decode: Callable[[bytes], E]) -> list[E]:
    """Return the committed events of one of the job's own topics; see `stack.clients.readable`."""
    return [event for _, event in readable(each_record(bootstrap, topic.name), decode)]


def read_decided(bootstrap: str) -> list[str]:
    """Return the transaction id of each committed decision."""
    decisions = readable(each_record(bootstrap, DECISIONS.name), decode_decision)
    return [decision.transaction_id for _, decision in decisions]


def read_payments(bootstrap: str) -> list[Transaction]:
    """Return each payment that the job has to decide, judged as the job judges it."""
    payments: dict[str, Transaction] = {}
    for message in each_record(bootstrap, TRANSACTIONS.name):
        try:
            payment = parse_transaction(message.value(), message.key(), message.timestamp()[1])
        except EventError:
            continue
        payments.setdefault(payment.transaction_id, payment)
    return list(payments.values())


def _labels(bootstrap: str) -> list[Label]:
    """Return each label that the job can read."""
    labels: list[Label] = []
    for message in each_record(bootstrap, LABELS.name):
        try:
            labels.append(parse_label(message.value(), message.key()))
        except EventError:
            continue
    return labels
