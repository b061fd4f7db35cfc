"""What this system wrote and reads back: decisions, alerts, dead letters, label receipts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from events.alert import Alert, decode_alert, encode_alert
from events.dead_letter import DeadLetter, decode_dead_letter, encode_dead_letter
from events.decision import (
    Decision,
    Reason,
    decision_features,
    decode_decision,
    encode_decision,
    encode_features,
)
from events.errors import EventError
from events.receipt import LabelReceipt, decode_receipt, encode_receipt
from tests.fuzz.oracle import check_refusal

_COMMON: Final[dict[str, Any]] = {
    "transaction_id": "t1",
    "card_id": "c1",
    "merchant_id": "m1",
    "timestamp_ms": 1,
    "amount_minor": 2,
    "currency": "EUR",
    "probability": 0.5,
    "model_scores": {"random_forest": 0.25},
    "model": "ensemble/1",
    "feature_set": 3,
    "card_sequence": 4,
    "merchant_sequence": 5,
    "flags": ["late"],
    "received_ms": 6,
    "decided_ms": 7,
}

A_DECISION: Final = Decision(
    **_COMMON,
    risk_level="HIGH",
    features=msgspec.Raw(b"[0.5,null,3]"),
    payment=msgspec.Raw(b'{"transaction_id":"t1"}'),
)


def run(data: bytes) -> None:
    """Read an event of the kind that the first byte names."""
    kind = data[0] % 4 if data else 0
    try:
        _READERS[kind](data[1:])
    except EventError as error:
        check_refusal(error)


def _decision(data: bytes) -> None:
    decision = decode_decision(data)
    assert decode_decision(encode_decision(decision)) == decision
    features = decision_features(decision)
    assert features.dtype == np.float32 and features.ndim == 1
    [encoded] = encode_features(features[None])
    again = msgspec.structs.replace(decision, features=encoded)
    assert np.array_equal(decision_features(again), features, equal_nan=True)


def _alert(data: bytes) -> None:
    alert = decode_alert(data)
    assert decode_alert(encode_alert(alert)) == alert


def _dead_letter(data: bytes) -> None:
    letter = decode_dead_letter(data)
    assert decode_dead_letter(encode_dead_letter(letter)) == letter
    assert isinstance(letter.key, bytes | None) and isinstance(letter.value, bytes | None)


def _receipt(data: bytes) -> None:
    receipt = decode_receipt(data)
    assert decode_receipt(encode_receipt(receipt)) == receipt


_READERS: Final = (_decision, _alert, _dead_letter, _receipt)


def seeds() -> Iterator[bytes]:
    """One event of each kind."""
    level: Any = {"risk_level": "HIGH"}
    yield b"\0" + encode_decision(A_DECISION)
    deep = msgspec.Raw(b'{"kept":' + b"[" * 31 + b"]" * 31 + b"}")
    yield b"\0" + encode_decision(msgspec.structs.replace(A_DECISION, payment=deep))
    reason = Reason("amount", "amount", 1.0, None, 0.5, "It is much.")
    yield b"\1" + encode_alert(Alert(**_COMMON, **level, reasons=[reason], city="Wien"))
    letter = DeadLetter(
        topic="transactions",
        partition=0,
        offset=1,
        key_base64="YzE=",
        value_base64=None,
        code="empty",
        sentence="It is empty.",
        time_ms=1,
    )
    yield b"\2" + encode_dead_letter(letter)
    receipt = LabelReceipt(
        transaction_id="t1",
        card_id="c1",
        merchant_id="m1",
        timestamp_ms=1,
        is_fraud=True,
        label_time_ms=2,
        merchant_sequence=3,
    )
    yield b"\3" + encode_receipt(receipt)
