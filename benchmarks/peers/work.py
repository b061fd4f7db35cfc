"""The work itself, as steps that any system can call: what the job's two stages do.

Records in, next states and records out; the same parsing, features, scores and decisions as the
job. Each step takes a batch in its order. A step with state takes the states of the batch's keys
too, and changes them in place. A system that hands on records one by one gives batches of one.
What a step returns goes to the next one as it is, or packed where the system carries bytes.

Payments come before the labels of their batch, so that each needs one call. Kafka has no order
between two topics, and the sequence numbers in decisions and receipts say which order it was.

The load of a comparison has no garbage in it, so there are no dead letters: a record that does not
parse ends the peer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from events.errors import EventError
from events.label import Label
from events.topics import ALERTS, DECISIONS
from features.money.shipped import SHIPPED
from scoring.answer import answer_batch
from scoring.loader import Bundle
from scoring.messages import (
    LabelOnItsWay,
    Refused,
    ScoringRequest,
    pack,
    unpack_hand_over,
    unpack_request,
)
from scoring.path import REFUSALS, States, learn, payment_path, visit
from scoring.steps import Received, Record, first_request, label_receipt, next_request, receive


class Read(NamedTuple):
    """A record that was read: a payment with its JSON or a label, and its Kafka time (ms)."""

    found: Received | Label
    time_ms: int


HandedOver = ScoringRequest | LabelOnItsWay
"""What the card hands to the merchant; `pack` and `unpacked` make bytes of it and back."""


class Out(NamedTuple):
    """A record for Kafka."""

    topic: str
    key: bytes
    value: bytes


Taken = ScoringRequest | Out
"""What the merchant makes: a complete request to score, or the receipt of a label."""


_PATH: Final = payment_path(SHIPPED)
"""The peers convert by the rates that are shipped, and so does their judge."""

_CARD: Final = _PATH.entity("card")
_MERCHANT: Final = _PATH.after(_CARD.name)


def states_of(key: str, state: bytes | None) -> dict[str, bytes]:
    """Return the states of a batch of one key: that key's, or none where the key is new."""
    return {} if state is None else {key: state}


def read(records: Sequence[Record]) -> list[Read]:
    """Read records of the transactions and the labels topic; EventError for one that is neither."""
    found = []
    for (_, time_ms, _, _), one in zip(records, receive(records), strict=True):
        if isinstance(one, EventError):
            raise one
        found.append(Read(one, time_ms))
    return found


def card_of(one: Read) -> str:
    """Return the card of a record."""
    return one.found.card_id if isinstance(one.found, Label) else _CARD.key(one.found[0])


def at_cards(records: Iterable[Read], states: States) -> list[HandedOver]:
    """Take records to their cards and return what goes to the merchants.

    A label passes by, and nothing follows from a repeated payment.
    """
    payments: list[tuple[Received, int]] = []
    labels: list[HandedOver] = []
    for found, time_ms in records:
        if isinstance(found, Label):
            labels.append(LabelOnItsWay(found))
        else:
            payments.append((found, time_ms))
    steps = visit(_CARD, [payment for (payment, _), _ in payments], states)
    requests = [
        first_request(_PATH, received, step, time_ms)
        for (received, time_ms), step in zip(payments, steps, strict=True)
        if not isinstance(step, REFUSALS)
    ]
    return [*requests, *labels]


def merchant_of(one: HandedOver) -> str:
    """Return the merchant that a hand-over goes to."""
    if isinstance(one, LabelOnItsWay):
        return _PATH.learning.key(one.label)
    return _MERCHANT.key(one.payment)


def unpacked(packed: bytes) -> HandedOver:
    """Return a hand-over from its bytes."""
    message: HandedOver | Refused = unpack_hand_over(packed)
    assert not isinstance(message, Refused), "at_cards hands over no dead letters"
    return message


def at_merchants(handed: Iterable[HandedOver], states: States) -> list[Taken]:
    """Take hand-overs to their merchants and return what follows from each."""
    requests: list[ScoringRequest] = []
    labels: list[Label] = []
    for one in handed:
        if isinstance(one, LabelOnItsWay):
            labels.append(one.label)
        else:
            requests.append(one)
    steps = visit(_MERCHANT, [request.payment for request in requests], states)
    complete = [
        next_request(_MERCHANT, request, step)
        for request, step in zip(requests, steps, strict=True)  # only the card refuses
    ]
    receipts = map(label_receipt, labels, learn(_PATH.learning, labels, states))
    return [*complete, *(Out(*receipt) for receipt in receipts)]


def records_of(taken: Iterable[Taken], bundle: Bundle) -> list[Out]:
    """Score requests at once and return all records: decisions, alerts, receipts."""
    requests: list[ScoringRequest] = []
    receipts: list[Out] = []
    for one in taken:
        if isinstance(one, Out):
            receipts.append(one)
        else:
            requests.append(one)
    records: list[Out] = []
    for request, found in zip(requests, answer_batch(requests, bundle), strict=True):
        key = request.payment.card_id.encode()
        records.append(Out(DECISIONS.name, key, found.decision))
        if found.alert is not None:
            records.append(Out(ALERTS.name, key, found.alert))
    return records + receipts


def packed_out(one: Taken) -> Out:
    """Return a receipt as it is, or a request packed under the topic of decisions."""
    if isinstance(one, Out):
        return one
    return Out(DECISIONS.name, one.payment.card_id.encode(), pack(one))


def unpacked_out(out: Out) -> Taken:
    """Return what `packed_out` was given."""
    return unpack_request(out.value) if out.topic == DECISIONS.name else out
