"""A small world of payments with their features, and the shipped bundle to score them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from events.decision import Decision, decode_decision
from events.label import Label
from events.receipt import LabelReceipt
from events.transaction import Transaction, encode_transaction
from features.card import transition as card
from features.merchant import transition as merchant
from scoring.answer import answer, model_input
from scoring.loader import Bundle, find_bundle, load_bundle
from scoring.messages import ScoringRequest
from tests.unit.features.factories import NOON_MS, label, payment
from verify.parity.compare import Stream

MODELS = Path(__file__).resolve().parents[3] / "onnx_models"
HOUR_MS = 3_600_000


@cache
def shipped() -> Bundle:
    """Load the bundle of the tree."""
    return load_bundle(find_bundle(MODELS, "ensemble"))


def request_for(paid: Transaction, values: npt.NDArray[np.float32]) -> ScoringRequest:
    """Return a payment as the merchant stage hands it on."""
    return ScoringRequest(
        payment=paid,
        original=encode_transaction(paid),
        features=values.tobytes(),
        card_sequence=1,
        merchant_sequence=1,
        flags=[],
        received_ms=paid.timestamp_ms,
    )


def first_payment() -> tuple[ScoringRequest, npt.NDArray[np.float32]]:
    """Return the first payment of a card at a merchant, and its features."""
    paid = payment()
    own = card.advance(None, paid).values
    shop = merchant.advance(None, paid).values
    values = np.concatenate([own, shop])
    return request_for(paid, values), values


def small_stream(payments: int = 60) -> Stream:
    """Decide payments of three cards at two merchants, and a label, as the job would."""
    cards: dict[str, bytes] = {}
    shops: dict[str, bytes] = {}
    paid: list[Transaction] = []
    decided: list[Decision] = []
    for number in range(payments):
        each = payment(
            NOON_MS + number * HOUR_MS,
            card_id=f"card-{number % 3}",
            merchant_id=f"merchant-{number % 2}",
            amount_minor=1_000 + 37 * number,
        )
        paid.append(each)
        decided.append(_decide(each, cards, shops))
    told = label(NOON_MS, card_id="card-0", merchant_id="merchant-0")
    return Stream(paid, [told], decided, [_learn(told, shops)])


def _decide(paid: Transaction, cards: dict[str, bytes], shops: dict[str, bytes]) -> Decision:
    own = card.advance(cards.get(paid.card_id), paid)
    shop = merchant.advance(shops.get(paid.merchant_id), paid)
    cards[paid.card_id], shops[paid.merchant_id] = own.state, shop.state
    values = np.concatenate([own.values, shop.values])
    request = msgspec.structs.replace(
        request_for(paid, values), card_sequence=own.sequence, merchant_sequence=shop.sequence
    )
    bundle = shipped()
    scores = bundle.scorer.score_row(model_input(values, paid, bundle.attributes))
    return decode_decision(answer(request, values, scores, bundle, NOON_MS).decision)


def _learn(told: Label, shops: dict[str, bytes]) -> LabelReceipt:
    step = merchant.learn(shops[told.merchant_id], told)
    return LabelReceipt(
        transaction_id=told.transaction_id,
        card_id=told.card_id,
        merchant_id=told.merchant_id,
        timestamp_ms=told.timestamp_ms,
        is_fraud=told.is_fraud,
        label_time_ms=told.label_time_ms,
        merchant_sequence=step.sequence,
        payment=step.payment,
    )


def without(stream: Stream, transaction_id: str) -> Stream:
    """Return the stream with one decision lost."""
    kept = [each for each in stream.decisions if each.transaction_id != transaction_id]
    return replace(stream, decisions=kept)
