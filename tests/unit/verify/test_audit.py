"""The audit accounts for every record of the transactions topic, and the counts add up."""

from __future__ import annotations

import random
from typing import Any

import pytest

from events.dead_letter import DeadLetter
from events.topics import LABELS, TRANSACTIONS
from events.transaction import Transaction
from tests.unit.events.samples import NOW_MS, decision
from verify.audit import Audit, Ledger

CONTENT: dict[str, Any] = {
    "card_id": "c1",
    "merchant_id": "m1",
    "timestamp_ms": NOW_MS,
    "amount_minor": 500,
    "currency": "EUR",
}
OTHERS = (
    {"card_id": "c2"},
    {"merchant_id": "m2"},
    {"timestamp_ms": NOW_MS + 1},
    {"amount_minor": 501},
    {"currency": "USD"},
)


class Topics:
    """A ledger under construction: records in the order of one partition."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.end = 0

    def paid(self, name: str, **changes: Any) -> int:
        """Add a payment and return its offset."""
        return self.put(Transaction(transaction_id=name, **(CONTENT | changes)))

    def put(self, payment: Transaction | None) -> int:
        self.ledger.record((0, self.end), payment)
        self.end += 1
        return self.end - 1

    def decided(self, name: str, **changes: Any) -> None:
        self.ledger.decision(decision(transaction_id=name, **(CONTENT | changes)))

    def refused(self, offset: int, topic: str = TRANSACTIONS.name) -> None:
        fields = {"key_base64": None, "value_base64": None, "sentence": "", "time_ms": 0}
        self.ledger.letter(
            DeadLetter(topic=topic, partition=0, offset=offset, code="id_reused", **fields)  # type: ignore[arg-type]
        )

    def audit(self) -> Audit:
        """Return the audit, of which the parts have to add up."""
        found = self.ledger.audit()
        assert found.records == self.end
        assert found.decided + found.repeats + found.refused + len(found.lost) == found.records
        return found


def test_a_payment_without_a_decision_is_lost() -> None:
    topics = Topics()
    for name in ("a", "b", "c"):
        topics.paid(name)
    topics.decided("a")
    topics.decided("c")
    topics.decided("c")
    found = topics.audit()
    assert (found.lost, found.doubled, found.payments) == (["b"], ["c"], 3)


def test_the_same_payment_again_is_a_repeat() -> None:
    topics = Topics()
    for _ in range(3):
        topics.paid("a")
    topics.decided("a")
    found = topics.audit()
    assert (found.repeats, found.reused, found.lost) == (2, [], [])


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
def test_another_payment_under_a_known_id_is_lost_unless_decided_or_refused(
    other: dict[str, Any],
) -> None:
    """Each field of the content tells two payments apart; comparing ids would see nothing."""
    undecided, decided, refused = Topics(), Topics(), Topics()
    for topics in (undecided, decided, refused):
        topics.paid("order-7")
        again = topics.paid("order-7", **other)
        topics.paid("order-7", **other)
        topics.decided("order-7")
    decided.decided("order-7", **other)
    refused.refused(again)
    assert [topics.audit().lost for topics in (undecided, decided, refused)] == [
        ["order-7"], [], [],
    ]  # fmt: skip
    assert all(topics.audit().reused == ["order-7"] for topics in (undecided, decided, refused))
    assert (refused.audit().refused, refused.audit().repeats) == (1, 1)


def test_a_record_that_is_no_payment_is_refused() -> None:
    topics = Topics()
    topics.refused(topics.put(None))
    topics.put(None)
    assert topics.audit().refused == 2


def test_a_dead_letter_of_another_topic_excuses_no_payment() -> None:
    topics = Topics()
    topics.refused(topics.paid("a"), LABELS.name)
    assert topics.audit().lost == ["a"]


def test_the_counts_add_up_whatever_comes() -> None:
    chosen = random.Random(4)
    topics = Topics()
    for _ in range(2_000):
        name = f"t{chosen.randrange(300)}"
        changes: dict[str, Any] = chosen.choice([{}, {}, *OTHERS])
        offset = topics.paid(name, **changes) if chosen.random() < 0.9 else topics.put(None)
        if chosen.random() < 0.1:
            topics.refused(offset)
    for number in range(200):
        topics.decided(f"t{number}")
    found = topics.audit()
    assert found.lost and found.repeats and found.refused and found.reused
