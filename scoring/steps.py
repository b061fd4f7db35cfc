"""From records to payments, and from an entity's step to what a stage hands on.

One way for the job and for what it is compared with. No Flink in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from events.errors import EventError
from events.label import Label, parse_label
from events.receipt import LabelReceipt, encode_receipt
from events.topics import LABEL_RECEIPTS, LABELS
from events.transaction import Transaction, receive_transaction
from features.merchant.transition import LabelStep
from scoring.messages import ScoringRequest
from scoring.path import REFUSALS, Entity, FirstStep, Path, Refusal, S, States, in_order, visit

Record = tuple[str, int, bytes | None, bytes | None]
"""Topic, Kafka time (ms), key and value of a record of the transactions or the labels topic."""


_LABELS: Final = LABELS.name

Received = tuple[Transaction, bytes]
"""A payment, and its JSON as its decision carries it."""


def receive(
    records: Iterable[Record], keep: Collection[str] = ()
) -> list[Received | Label | EventError]:
    """Return the payment or the label of each record, or why there is none.

    ``keep`` names unknown fields that decisions carry. A payment is judged by its record's time and
    not by the clock, so a replay of the topic judges it alike.
    """
    return [receive_one(*record, keep) for record in records]


def receive_one(
    topic: str, time_ms: int, key: bytes | None, value: bytes | None, keep: Collection[str] = ()
) -> Received | Label | EventError:
    """Return the payment or the label of one record, as `receive` does of a batch of one."""
    try:
        if topic == _LABELS:
            return parse_label(value, key)
        return receive_transaction(value, key, time_ms, keep)
    except EventError as error:
        return error


def first_request(
    path: Path,
    received: Received,
    step: FirstStep,
    record_ms: int,
    *,
    odd_record_time: bool = False,
    place: tuple[int, int] = (-1, -1),
) -> ScoringRequest:
    """Return what the path's first entity hands on of a payment.

    The payment's own time stands in for a Kafka time that can be none. `place` is the partition and
    the offset of its record, where it has one.
    """
    payment, original = received
    entity, rates = path.entities[0], path.rates
    flags = entity.flags_of(step) if step.late or step.compacted else []
    if odd_record_time:
        flags, record_ms = in_order([*flags, "record_time"]), payment.timestamp_ms
    if step.no_rate:
        flags = [*flags, "no_rate"]
    return ScoringRequest(
        payment,
        original,
        step.values.tobytes(),
        {entity.name: step.sequence},
        flags,
        record_ms,
        rates.reference,
        rates.date,
        *place,
    )


def next_request(entity: Entity[S], request: ScoringRequest, step: S) -> ScoringRequest:
    """Return what a further entity hands on of a payment."""
    flags = request.flags
    if step.late or step.compacted:
        flags = in_order(flags + entity.flags_of(step))
    return ScoringRequest(
        request.payment,
        request.original,
        request.features + step.values.tobytes(),
        {**request.sequences, entity.name: step.sequence},
        flags,
        request.received_ms,
        request.reference_currency,
        request.rates_date,
        request.partition,
        request.offset,
    )


def walk(
    path: Path, received: Sequence[tuple[Received, int]], states: Mapping[str, States]
) -> list[ScoringRequest | Refusal]:
    """Take payments along a whole path in one process, and return their requests in order.

    Each payment comes with its record's Kafka time (ms). ``states`` holds the states of each entity
    by its name, which are changed in place. The requests are complete: they can be scored.
    """
    first, *others = path.entities
    steps = visit(first, [payment for (payment, _), _ in received], states[first.name])
    found: list[ScoringRequest | Refusal] = [
        step if isinstance(step, REFUSALS) else first_request(path, one, step, record_ms)
        for step, (one, record_ms) in zip(steps, received, strict=True)
    ]
    for entity in others:
        places = [n for n, one in enumerate(found) if isinstance(one, ScoringRequest)]
        requests = [one for one in found if isinstance(one, ScoringRequest)]
        steps = visit(entity, [one.payment for one in requests], states[entity.name])
        for n, request, step in zip(places, requests, steps, strict=True):
            found[n] = next_request(entity, request, step)
    return found


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
