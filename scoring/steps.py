"""Output of a stage for its entity's step: one way for the job and for its proofs.

No Flink in it.
"""

from __future__ import annotations

from events.decision import Flag
from events.label import Label
from events.receipt import LabelReceipt, encode_receipt
from events.topics import LABEL_RECEIPTS
from events.transaction import Transaction
from features.card.transition import CardStep
from features.merchant.transition import LabelStep, MerchantStep
from scoring.messages import CardResult, ScoringRequest


def card_result(
    payment: Transaction,
    original: bytes,
    step: CardStep,
    record_ms: int,
    *,
    odd_record_time: bool = False,
) -> CardResult:
    """Return what the merchant gets of a payment that its card has taken in.

    The payment's own time stands in for a Kafka time that can be none.
    """
    return CardResult(
        payment=payment,
        original=original,
        features=step.values.tobytes(),
        sequence=step.sequence,
        late=step.late,
        compacted=step.compacted,
        received_ms=payment.timestamp_ms if odd_record_time else record_ms,
        odd_record_time=odd_record_time,
    )


def scoring_request(card: CardResult, step: MerchantStep) -> ScoringRequest:
    """Return what is scored of a payment that its merchant has taken in."""
    return ScoringRequest(
        payment=card.payment,
        original=card.original,
        features=card.features + step.values.tobytes(),
        card_sequence=card.sequence,
        merchant_sequence=step.sequence,
        flags=_flags(card, step),
        received_ms=card.received_ms,
    )


def label_receipt(label: Label, step: LabelStep) -> tuple[str, bytes, bytes]:
    """Return topic, key and value of the receipt of a label that its merchant has learnt."""
    receipt = LabelReceipt(
        transaction_id=label.transaction_id,
        card_id=label.card_id,
        merchant_id=label.merchant_id,
        timestamp_ms=label.timestamp_ms,
        is_fraud=label.is_fraud,
        label_time_ms=label.label_time_ms,
        merchant_sequence=step.sequence,
        payment=step.payment,
    )
    return LABEL_RECEIPTS.name, label.card_id.encode(), encode_receipt(receipt)


def _flags(card: CardResult, step: MerchantStep) -> list[Flag]:
    """Name what a reader of the decision has to know about how its features came about."""
    flags: list[Flag] = []
    if card.late:
        flags.append("late")
    if step.late:
        flags.append("late_merchant")
    if card.compacted:
        flags.append("compacted_card")
    if step.compacted:
        flags.append("compacted_merchant")
    if card.odd_record_time:
        flags.append("record_time")
    return flags
