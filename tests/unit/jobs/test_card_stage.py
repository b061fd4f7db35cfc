"""The card stage by itself: records of a card in, hand-overs and dead letters out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from events.dead_letter import decode_dead_letter
from events.topics import TRANSACTIONS
from features.money.shipped import SHIPPED
from features.windows import MAX_CARD_EVENTS, MAX_LOOSE_IDS
from jobs.card_stage import CardStage
from scoring.messages import Refused, ScoringRequest, unpack_hand_over

NOW_MS = 1_717_236_000_000
PAYMENT = {
    "transaction_id": "ORD-7",
    "card_id": "r1",
    "timestamp": NOW_MS,
    "amount": 1,
    "currency": "EUR",
    "merchant_id": "s0",
}


class Context:
    """What Flink gives an operator: the state of one key, and counters."""

    def __init__(self) -> None:
        self.state: bytes | None = None
        self.counts: dict[str, int] = {}
        self._name = ""

    def get_state(self, _: object) -> Context:
        return self

    def value(self) -> bytes | None:
        return self.state

    def update(self, state: bytes) -> None:
        self.state = state

    def get_metrics_group(self) -> Context:
        return self

    def add_group(self, _: str, __: str | None = None) -> Context:
        return self

    def counter(self, name: str) -> Any:
        counts = self.counts

        class Counter:
            def inc(self, n: int = 1) -> None:
                counts[name] = counts.get(name, 0) + n

        return Counter()


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def stage(context: Context) -> CardStage:
    opened = CardStage(timedelta(days=90), frozenset(), SHIPPED)
    opened.open(context)
    return opened


def take(stage: CardStage, **changes: object) -> ScoringRequest | Refused | None:
    """Return what the stage hands on of the payment with some fields changed."""
    body = json.dumps(PAYMENT | changes).encode()
    rows = stage.rows((TRANSACTIONS.name, 0, 0, NOW_MS, b"r1", body))
    if not rows:
        return None
    ((_, packed),) = rows
    found = unpack_hand_over(packed)
    assert isinstance(found, ScoringRequest | Refused)
    return found


def test_attempts_that_share_an_order_number_are_one_decision_and_nine_letters(
    stage: CardStage, context: Context
) -> None:
    """Each attempt is at another shop for another amount, a minute after the one before."""
    found = [
        take(stage, timestamp=NOW_MS + 60_000 * i, amount=i + 1, merchant_id=f"s{i}")
        for i in range(10)
    ]
    assert isinstance(found[0], ScoringRequest)
    letters = [decode_dead_letter(one.value) for one in found[1:] if isinstance(one, Refused)]
    assert [letter.code for letter in letters] == ["id_reused"] * 9
    assert "differs in timestamp, amount with currency and merchant_id;" in letters[0].sentence
    assert context.counts == {"id_reused": 9}


def test_a_payment_without_a_rate_is_marked_and_counted_by_its_currency(
    stage: CardStage, context: Context
) -> None:
    found = take(stage, currency="XOF", amount=5)
    assert isinstance(found, ScoringRequest)
    assert found.flags == ["no_rate"] and context.counts == {"XOF": 1}
    assert (found.reference_currency, found.rates_date) == ("EUR", SHIPPED.date)
    known = take(stage, transaction_id="known")
    assert isinstance(known, ScoringRequest) and known.flags == []
    assert context.counts == {"XOF": 1}


def test_a_repeat_ends_here_and_is_counted(stage: CardStage, context: Context) -> None:
    """Whatever it says of fields that are no part of its content."""
    assert isinstance(take(stage), ScoringRequest)
    state = context.state
    assert take(stage) is None and take(stage, city="Wien", note="again") is None
    assert context.counts == {"repeated": 2} and context.state == state


def test_payments_whose_repeat_would_go_unseen_are_counted(
    stage: CardStage, context: Context
) -> None:
    """A card with more payments in a day than it remembers, and an old one that comes late."""
    count = MAX_LOOSE_IDS + 2 * MAX_CARD_EVENTS
    for i in range(count):
        take(stage, transaction_id=f"p{i}", timestamp=NOW_MS + i)
    assert "repeats_unchecked" not in context.counts
    take(stage, transaction_id="late", timestamp=NOW_MS)
    assert context.counts["repeats_unchecked"] == 1
