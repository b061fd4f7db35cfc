"""The work itself, as two steps that any system can call: what the job's two stages do.

Bytes of a record in, next state and bytes of records out; the same parsing, features, scores and
decisions as the job, and the same hand-over between the stages. The load of a comparison has no
garbage in it, so there are no dead letters: a record that does not parse ends the peer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from events.label import parse_label
from events.topics import ALERTS, DECISIONS, LABELS
from events.transaction import receive_transaction
from features.card import transition as card
from features.merchant import transition as merchant
from scoring.answer import Answer, answer, answer_batch, model_input
from scoring.loader import Bundle
from scoring.messages import (
    CardLabel,
    Refused,
    ScoringRequest,
    pack,
    unpack_hand_over,
    unpack_request,
)
from scoring.steps import card_result, label_receipt, scoring_request


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


def card_step(
    state: bytes | None, topic: str, key: bytes | None, value: bytes | None, time_ms: int
) -> CardOut:
    """Take one record of the transactions or the labels topic to its card."""
    if topic == LABELS.name:
        label = parse_label(value, key)
        return CardOut(state, label.merchant_id, pack(CardLabel(label)))
    payment, original = receive_transaction(value, key, time_ms)
    step = card.advance(state, payment)
    if not step.accepted:
        return CardOut(state, None, b"")
    result = card_result(payment, original, step, time_ms)
    return CardOut(step.state, payment.merchant_id, pack(result))


def merchant_step(state: bytes | None, handed: bytes) -> MerchantOut:
    """Take one hand-over of `card_step` to its merchant."""
    message = unpack_hand_over(handed)
    if isinstance(message, CardLabel):
        learnt = merchant.learn(state, message.label)
        return MerchantOut(learnt.state, None, Out(*label_receipt(message.label, learnt)))
    assert not isinstance(message, Refused), "card_step refuses nothing"
    step = merchant.advance(state, message.payment)
    return MerchantOut(step.state, scoring_request(message, step), None)


def score_one(request: ScoringRequest, bundle: Bundle) -> list[Out]:
    """Score one request by itself: the decision, and the alert where it is one."""
    values = np.frombuffer(request.features, dtype=np.float32)
    scores = bundle.scorer.score_row(model_input(values, request.payment, bundle.attributes))
    found = answer(request, values, scores, bundle, time.time_ns() // 1_000_000)
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
    answers = answer_batch(requests, bundle, time.time_ns() // 1_000_000)
    for request, found in zip(requests, answers, strict=True):
        yield _records(request, found)


def _records(request: ScoringRequest, found: Answer) -> list[Out]:
    key = request.payment.card_id.encode()
    records = [Out(DECISIONS.name, key, found.decision)]
    if found.alert is not None:
        records.append(Out(ALERTS.name, key, found.alert))
    return records
