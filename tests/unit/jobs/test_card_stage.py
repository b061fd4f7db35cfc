"""The card stage by itself: records of a card in, hand-overs and dead letters out."""

from __future__ import annotations

import json

import pytest

from events.dead_letter import decode_dead_letter
from events.topics import TRANSACTIONS
from features.money.shipped import SHIPPED
from features.windows import MAX_CARD_EVENTS, MAX_LOOSE_IDS
from jobs.flink_edge.wire import KafkaRecord
from jobs.stages.card import CardStage
from scoring.messages import Refused, ScoringRequest
from scoring.plain.hand_over import unpack_one
from tests.unit.jobs.counting import Counted

NOW_MS = 1_717_236_000_000
PAYMENT = {
    "transaction_id": "ORD-7",
    "card_id": "r1",
    "timestamp": NOW_MS,
    "amount": 1,
    "currency": "EUR",
    "merchant_id": "s0",
}

Message = ScoringRequest | Refused


class OneCard:
    """The stage with the state of one card, and what it has counted."""

    def __init__(self, kind: type[CardStage] = CardStage) -> None:
        self.counted = Counted()
        self.states: dict[str, bytes] = {}
        self.open(kind)

    def open(self, kind: type[CardStage]) -> None:
        """Go on with a stage of this kind."""
        self._stage = kind(SHIPPED, frozenset())
        self._stage.open(self.counted.counters)

    def take(self, *payments: dict[str, object]) -> list[Message]:
        """Return what the stage hands on of a batch: the payment, with fields changed in each."""
        bodies = [
            KafkaRecord(
                TRANSACTIONS.name, 3, n, NOW_MS, b"r1", json.dumps(PAYMENT | one).encode()
            ).pack()
            for n, one in enumerate(payments)
        ]
        found: list[Message] = []
        for output in self._stage.process(bodies, self.states):
            message = unpack_one(output.value, SHIPPED)
            assert isinstance(message, Message)
            found.append(message)
        return found


@pytest.fixture
def card() -> OneCard:
    return OneCard()


def test_attempts_that_share_an_order_number_are_one_decision_and_nine_letters(
    card: OneCard,
) -> None:
    """Each attempt is at another shop for another amount, a minute after the one before."""
    first, *others = card.take(
        *(
            {"timestamp": NOW_MS + 60_000 * i, "amount": i + 1, "merchant_id": f"s{i}"}
            for i in range(10)
        )
    )
    assert isinstance(first, ScoringRequest)
    letters = [decode_dead_letter(one.value) for one in others if isinstance(one, Refused)]
    assert [letter.code for letter in letters] == ["id_reused"] * 9
    assert [letter.offset for letter in letters] == [*range(1, 10)]
    assert "differs in timestamp, amount with currency and merchant_id;" in letters[0].sentence
    assert card.counted.counts == {"dead_letters/id_reused": 9}


def test_a_payment_without_a_rate_is_marked_and_counted_by_its_currency(card: OneCard) -> None:
    odd, known = card.take({"currency": "XOF", "amount": 5}, {"transaction_id": "known"})
    assert isinstance(odd, ScoringRequest) and isinstance(known, ScoringRequest)
    assert (odd.flags, known.flags) == (["no_rate"], [])
    assert (odd.reference_currency, odd.rates_date) == ("EUR", SHIPPED.date)
    assert card.counted.counts == {"no_rate/XOF": 1}


def test_a_hand_over_knows_its_records_place(card: OneCard) -> None:
    """For the dead letter of a payment that the next stage fails at."""
    _, second = card.take({}, {"transaction_id": "second"})
    assert isinstance(second, ScoringRequest)
    assert (second.partition, second.offset) == (3, 1)


def test_a_repeat_ends_here_and_is_counted(card: OneCard) -> None:
    """Whatever it says of fields that are no part of its content, in a batch or behind it."""
    assert len(card.take({}, {})) == 1
    states = dict(card.states)
    assert card.take({"city": "Wien", "note": "again"}) == []
    assert card.counted.counts == {"repeated": 2} and card.states == states


def test_payments_whose_repeat_would_go_unseen_are_counted(card: OneCard) -> None:
    """A card with more payments in a day than it remembers, and an old one that comes late."""
    count = MAX_LOOSE_IDS + 2 * MAX_CARD_EVENTS
    card.take(*({"transaction_id": f"p{i}", "timestamp": NOW_MS + i} for i in range(count)))
    assert card.counted.counts == {}
    card.take({"transaction_id": "late", "timestamp": NOW_MS})
    assert card.counted.counts == {"repeats_unchecked": 1}
