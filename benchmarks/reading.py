"""Read what went into the job and what came out of it."""

from __future__ import annotations

from events.alert import Alert, decode_alert
from events.decision import decode_decision
from events.errors import EventError
from events.label import parse_label
from events.receipt import decode_receipt
from events.topics import ALERTS, DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS
from events.transaction import Transaction, parse_transaction
from stack.reading import read_topic
from training.parity import Stream


def read_alerts(bootstrap: str) -> list[Alert]:
    """Return the committed alerts."""
    return [decode_alert(m.value() or b"") for m in read_topic(bootstrap, ALERTS.name)]


def read_stream(bootstrap: str) -> Stream:
    """Return the topics' content: committed, garbage and repeats among the payments left out."""
    return Stream(
        payments=_payments(bootstrap),
        labels=[parse_label(m.value(), m.key()) for m in read_topic(bootstrap, LABELS.name)],
        decisions=[
            decode_decision(m.value() or b"") for m in read_topic(bootstrap, DECISIONS.name)
        ],
        receipts=[
            decode_receipt(m.value() or b"") for m in read_topic(bootstrap, LABEL_RECEIPTS.name)
        ],
    )


def _payments(bootstrap: str) -> list[Transaction]:
    """Return each payment that the job has to decide, judged as the job judges it."""
    payments: dict[str, Transaction] = {}
    for message in read_topic(bootstrap, TRANSACTIONS.name):
        try:
            payment = parse_transaction(message.value(), message.key(), message.timestamp()[1])
        except EventError:
            continue
        payments.setdefault(payment.transaction_id, payment)
    return list(payments.values())
