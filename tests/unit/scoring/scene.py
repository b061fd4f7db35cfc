"""A small world of payments with their features, and the shipped bundle to score them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from events.decision import Decision, decode_decision
from events.label import Label
from events.receipt import LabelReceipt, decode_receipt
from events.transaction import Transaction, encode_transaction
from features.money.shipped import SHIPPED
from scoring.answer import answer_batch
from scoring.loader import Bundle, find_bundle, load_bundle
from scoring.messages import ScoringRequest
from scoring.path import learn, payment_path
from scoring.steps import label_receipt, walk
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
        sequences={"card": 1, "merchant": 1},
        flags=[],
        received_ms=paid.timestamp_ms,
        reference_currency=SHIPPED.reference,
        rates_date=SHIPPED.date,
    )


def new_states() -> dict[str, dict[str, bytes]]:
    """Return no states yet, of each entity of the path."""
    return {entity.name: {} for entity in payment_path(SHIPPED).entities}


def request_of(paid: Transaction, states: dict[str, dict[str, bytes]]) -> ScoringRequest:
    """Return the complete request of a payment that the path takes in."""
    received = (paid, encode_transaction(paid))
    (request,) = walk(payment_path(SHIPPED), [(received, paid.timestamp_ms)], states)
    assert isinstance(request, ScoringRequest)
    return request


def first_payment() -> tuple[ScoringRequest, npt.NDArray[np.float32]]:
    """Return the first payment of a card at a merchant, and its features."""
    request = request_of(payment(), new_states())
    return request, np.frombuffer(request.features, np.float32)


def small_stream(payments: int = 60) -> Stream:
    """Decide payments of three cards at two merchants, and a label, as the job would."""
    states = new_states()
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
        request = request_of(each, states)
        [made] = answer_batch([request], shipped(), lambda: 1_000_000 * NOON_MS)
        decided.append(decode_decision(made.decision))
    told = label(NOON_MS, card_id="card-0", merchant_id="merchant-0")
    return Stream(paid, [told], decided, [_learn(told, states["merchant"])])


def _learn(told: Label, shops: dict[str, bytes]) -> LabelReceipt:
    (step,) = learn(payment_path(SHIPPED).learning, [told], shops)
    return decode_receipt(label_receipt(told, step)[2])


def without(stream: Stream, transaction_id: str) -> Stream:
    """Return the stream with one decision lost."""
    kept = [each for each in stream.decisions if each.transaction_id != transaction_id]
    return replace(stream, decisions=kept)
