"""The merchant stage by itself: hand-overs of the card stage in, records for Kafka out."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from events.alert import decode_alert
from events.dead_letter import decode_dead_letter
from events.decision import Decision, decode_decision
from events.label import Label, encode_label
from events.receipt import decode_receipt
from events.topics import ALERTS, DEAD_LETTERS, DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS
from features.money.shipped import SHIPPED
from features.state import StateError
from jobs.flink_edge.outputs import Output
from jobs.flink_edge.wire import KafkaRecord
from jobs.stages.card import CardStage
from jobs.stages.merchant import MerchantStage
from scoring.answer import Answer
from scoring.messages import ScoringRequest
from scoring.plain.answers import Complete, PlainAnswered
from tests.running import MODELS
from tests.unit.jobs.counting import Counted
from udfs.scoring import Scoring

NOW_MS = 1_717_236_000_000
BUNDLE = str(MODELS / "ensemble" / "1")


class Unlucky(Scoring):
    """A scoring function that fails at a payment of the id it is told."""

    fails_at = "none"

    def answers_with_plain(
        self, plain: Complete, others: Sequence[ScoringRequest]
    ) -> tuple[PlainAnswered, list[Answer]]:
        if any(one.payment.transaction_id == self.fails_at for one in (*plain, *others)):
            raise ZeroDivisionError("a rule divided by zero")
        return super().answers_with_plain(plain, others)


class BothStages:
    """Both stages with the states of a whole world, and what they have counted."""

    def __init__(self) -> None:
        self.scoring = Unlucky(BUNDLE)
        self.counted = Counted()
        self.cards: dict[str, bytes] = {}
        self.merchants: dict[str, bytes] = {}
        self._card = CardStage(SHIPPED, frozenset())
        self._merchant = MerchantStage(self.scoring, SHIPPED)
        self._card.open(self.counted.counters)
        self._merchant.open(self.counted.counters)
        self._offset = 0

    def take(self, *records: bytes | Label) -> Sequence[Output]:
        """Return what becomes of one batch of payments and labels."""
        bodies = [self._body(one) for one in records]
        handed_over = [one.value for one in self._card.process(bodies, self.cards)]
        return self._merchant.process(handed_over, self.merchants)

    def _body(self, record: bytes | Label) -> bytes:
        self._offset += 1
        if isinstance(record, Label):
            topic, key, value = LABELS, record.card_id, encode_label(record)
        else:
            topic, key, value = TRANSACTIONS, json.loads(record)["card_id"], record
        return KafkaRecord(topic.name, 1, self._offset, NOW_MS, key.encode(), value).pack()


@pytest.fixture
def stages() -> BothStages:
    return BothStages()


def payment(number: int, card: str = "c", amount: str = "12.00") -> bytes:
    fields = {
        "transaction_id": f"t{number}", "card_id": card, "timestamp": NOW_MS + number,
        "amount": amount, "currency": "EUR", "merchant_id": "m",
    }  # fmt: skip
    return json.dumps(fields).encode()


def decisions(outputs: Sequence[Output]) -> list[Decision]:
    return [decode_decision(one.value) for one in outputs if one.to == DECISIONS.name]


def test_payments_of_a_batch_see_each_other_at_the_merchant(stages: BothStages) -> None:
    found = decisions(stages.take(*(payment(n, f"card {n}") for n in range(5))))
    assert [one.merchant_sequence for one in found] == [1, 2, 3, 4, 5]
    assert [one.card_id for one in found] == [f"card {n}" for n in range(5)]


def test_a_label_between_two_payments_counts_in_its_place(stages: BothStages) -> None:
    """The receipt has the number between them, as record by record."""
    label = Label("t0", "c", "m", NOW_MS, True, NOW_MS + 1, "bank")
    outputs = stages.take(payment(0), label, payment(1))
    assert [one.merchant_sequence for one in decisions(outputs)] == [1, 3]
    (receipt,) = (decode_receipt(one.value) for one in outputs if one.to == LABEL_RECEIPTS.name)
    assert (receipt.merchant_sequence, receipt.payment) == (2, "known")


def test_a_payment_that_cannot_be_scored_costs_no_other_one_its_decision(
    stages: BothStages,
) -> None:
    """It becomes a dead letter with its record's place, and the others are as without it."""
    batch = [payment(n, f"card {n}") for n in range(6)]
    stages.scoring.fails_at = "t2"
    outputs = stages.take(*batch)
    without = BothStages().take(*batch[:2], *batch[3:])
    assert [_without_time(one) for one in decisions(outputs)] == [
        _without_time(one) for one in decisions(without)
    ]
    (letter,) = (decode_dead_letter(one.value) for one in outputs if one.to == DEAD_LETTERS.name)
    assert (letter.code, letter.topic, letter.partition) == ("internal_error", "transactions", 1)
    assert (letter.offset, letter.key, letter.value) == (3, b"card 2", batch[2])
    assert "ZeroDivisionError: a rule divided by zero" in letter.sentence
    assert stages.counted.counts["dead_letters/internal_error"] == 1
    assert stages.counted.counts["decisions/LOW"] == 5


def test_an_alert_goes_beside_its_decision(stages: BothStages) -> None:
    """Hundreds of payments of a card within minutes are worth one."""
    outputs = [
        one for n in range(0, 200, 50)
        for one in stages.take(*(payment(n + i, amount=f"{900 + n}.00") for i in range(50)))
    ]  # fmt: skip
    alerts = [decode_alert(one.value) for one in outputs if one.to == ALERTS.name]
    raised = [one.transaction_id for one in decisions(outputs) if one.risk_level != "LOW"]
    assert raised and [one.transaction_id for one in alerts] == raised


def test_a_damaged_state_fails_the_job(stages: BothStages) -> None:
    """Nothing that came after it could be trusted."""
    stages.take(payment(0))
    stages.merchants["m"] = stages.merchants["m"][:-1]
    with pytest.raises(StateError):
        stages.take(payment(1), payment(2, "other"))


def _without_time(decision: Decision) -> dict[str, object]:
    """Return the parts of a decision that do not depend on the clock."""
    return {
        name: getattr(decision, name)
        for name in decision.__struct_fields__
        if name not in ("decided_ms", "features", "payment")
    } | {"features": bytes(decision.features), "payment": bytes(decision.payment)}
