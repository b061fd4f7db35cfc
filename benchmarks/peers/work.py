"""The work itself, as two steps that any system can call: what the job's two stages do.

Bytes of a record in, next state and bytes of records out; the same parsing, features, scores and
decisions as the job, and the same hand-over between the stages. The load of a comparison has no
garbage in it, so there are no dead letters: a record that does not parse ends the peer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from events.errors import EventError
from events.label import Label
from events.topics import ALERTS, DECISIONS
from features.money.shipped import SHIPPED
from scoring.answer import Answer, answer_batch
from scoring.loader import Bundle
from scoring.messages import (
    LabelOnItsWay,
    Refused,
    ScoringRequest,
    pack,
    unpack_hand_over,
    unpack_request,
)
from scoring.path import REFUSALS, payment_path, visit
from scoring.steps import first_request, label_receipt, next_request, receive_one


class Out(NamedTuple):
    """A record for Kafka."""

    topic: str
    key: bytes
    value: bytes


class CardOut(NamedTuple):
    """The card's next state, and what goes to which merchant; None where the id is known."""

    state: bytes | None
    merchant_id: str | None
    handed: bytes


class MerchantOut(NamedTuple):
    """The merchant's next state, and either a request to score or a label's receipt."""

    state: bytes
    request: ScoringRequest | None
    receipt: Out | None


_PATH: Final = payment_path(SHIPPED)
"""The peers convert by the rates that are shipped, and so does their judge."""

_CARD: Final = _PATH.entity("card")
_MERCHANT: Final = _PATH.after(_CARD.name)


def card_step(
    state: bytes | None, topic: str, key: bytes | None, value: bytes | None, time_ms: int
) -> CardOut:
    """Take one record of the transactions or the labels topic to its card."""
    found = receive_one(topic, time_ms, key, value)
    if isinstance(found, Label):
        return CardOut(state, _PATH.learning.key(found), pack(LabelOnItsWay(found)))
    if isinstance(found, EventError):
        raise found
    card = _CARD.key(found[0])
    states = _states(card, state)
    (step,) = visit(_CARD, (found[0],), states)
    if isinstance(step, REFUSALS):
        return CardOut(state, None, b"")
    request = first_request(_PATH, found, step, time_ms)
    return CardOut(states[card], _MERCHANT.key(found[0]), pack(request))


def merchant_step(state: bytes | None, handed: bytes) -> MerchantOut:
    """Take one hand-over of `card_step` to its merchant."""
    message = unpack_hand_over(handed)
    if isinstance(message, LabelOnItsWay):
        learnt = _PATH.learning.learn(state, message.label)
        return MerchantOut(learnt.state, None, Out(*label_receipt(message.label, learnt)))
    assert not isinstance(message, Refused), "card_step refuses nothing"
    merchant = _MERCHANT.key(message.payment)
    states = _states(merchant, state)
    (step,) = visit(_MERCHANT, (message.payment,), states)
    assert not isinstance(step, REFUSALS), "only the first entity refuses"
    return MerchantOut(states[merchant], next_request(_MERCHANT, message, step), None)


def _states(key: str, state: bytes | None) -> dict[str, bytes]:
    """Return the states that a step is made on: one key's, or none where the key is new."""
    return {} if state is None else {key: state}


def score_one(request: ScoringRequest, bundle: Bundle) -> list[Out]:
    """Score one request by itself: the decision, and the alert where it is one."""
    [found] = answer_batch([request], bundle)
    return _records(request, found)


def merchant_records(out: MerchantOut, bundle: Bundle) -> list[Out]:
    """Return what a step at the merchant writes, scored by itself."""
    if out.request is None:
        return [] if out.receipt is None else [out.receipt]
    return score_one(out.request, bundle)


def pack_out(out: MerchantOut) -> Out:
    """Return a receipt as it is, or a request to score packed under the decisions' topic."""
    if out.receipt is not None:
        return out.receipt
    assert out.request is not None
    key = out.request.payment.card_id.encode()
    return Out(DECISIONS.name, key, pack(out.request))


def score_batch(packed: Sequence[bytes], bundle: Bundle) -> Iterable[list[Out]]:
    """Score packed requests at once and yield the records of each."""
    requests = [unpack_request(each) for each in packed]
    for request, found in zip(requests, answer_batch(requests, bundle), strict=True):
        yield _records(request, found)


def _records(request: ScoringRequest, found: Answer) -> list[Out]:
    key = request.payment.card_id.encode()
    records = [Out(DECISIONS.name, key, found.decision)]
    if found.alert is not None:
        records.append(Out(ALERTS.name, key, found.alert))
    return records
