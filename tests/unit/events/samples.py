"""Events that are right, for tests to bend."""

import json
from typing import Any

import msgspec
import numpy as np

from events.alert import Alert
from events.decision import Decision, Reason, encode_features
from events.label import Label
from events.receipt import LabelReceipt
from events.transaction import Transaction, parse_transaction

NOW_MS = 1_714_564_800_000
CARD = "card-4711"


def payment(**changes: Any) -> dict[str, Any]:
    """Return a payment's fields as they stand on the wire; a change to ... removes the field."""
    fields: dict[str, Any] = {
        "transaction_id": "tx-1",
        "card_id": CARD,
        "timestamp": NOW_MS - 1000,
        "amount": 12.34,
        "currency": "EUR",
        "merchant_id": "merchant-1",
    }
    return {name: v for name, v in (fields | changes).items() if v is not ...}


def full_payment(**changes: Any) -> dict[str, Any]:
    """Return a payment with every optional field, as `payment` does."""
    optional = {
        "merchant_category": "5411",
        "channel": "online",
        "country": "DE",
        "city": "Köln",
        "lat": 50.94,
        "lon": 6.96,
        "customer_id": "customer-1",
        "device_id": "device-1",
        "ip_token": "ip-1",
        "time_zone": "Europe/Vienna",
        "home_country": "AT",
        "attributes": {"V1": -1.5, "V2": 3.0e-7},
    }
    return payment(**(optional | changes))


def label(**changes: Any) -> dict[str, Any]:
    """Return a label's fields as they stand on the wire, as `payment` does."""
    fields: dict[str, Any] = {
        "transaction_id": "tx-1",
        "card_id": CARD,
        "merchant_id": "merchant-1",
        "timestamp": NOW_MS - 1000,
        "is_fraud": True,
        "label_time": NOW_MS,
        "source": "chargeback",
    }
    return {name: v for name, v in (fields | changes).items() if v is not ...}


def parse(fields: Any, key: bytes | None = CARD.encode()) -> Transaction:
    """Parse a payment given as fields, or as the bytes that stand for them."""
    value = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return parse_transaction(value, key, NOW_MS)


def scored(**changes: Any) -> dict[str, Any]:
    """Return the fields that a decision and its alert have in common."""
    fields: dict[str, Any] = {
        "transaction_id": "tx-1",
        "card_id": CARD,
        "merchant_id": "merchant-1",
        "timestamp_ms": NOW_MS - 1000,
        "amount_minor": 1234,
        "currency": "EUR",
        "probability": 0.75,
        "model_scores": {"forest": 0.7, "boosted": 0.8},
        "risk_level": "HIGH",
        "policy": "thresholds",
        "policy_version": "ensemble/1",
        "decided_by": "threshold:high",
        "tags": ["watched"],
        "model": "ensemble/1",
        "feature_set": 1,
        "card_sequence": 3,
        "merchant_sequence": 9,
        "flags": ["late"],
        "received_ms": NOW_MS,
        "decided_ms": NOW_MS + 3,
    }
    return fields | changes


def decision(**changes: Any) -> Decision:
    """Return a decision with three features, one of them missing."""
    [features] = encode_features(np.array([[0.1, np.nan, 7.0]], dtype=np.float32))
    original = msgspec.Raw(json.dumps(full_payment()).encode())
    return Decision(**(scored(features=features, payment=original) | changes))


def alert(**changes: Any) -> Alert:
    """Return an alert with one reason and the contributions of two codes."""
    sentence = "This card made 9 payments in 1 hour; its usual pace is 1.5 payments."
    reason = Reason("velocity", "card_count_1h", 9.0, 1.5, 0.25, sentence)
    told = {
        "reasons": [reason],
        "contributions": {"velocity": 0.25, "travel": -0.1},
        "contribution_base": 0.2,
    }
    return Alert(**(scored(country="DE") | told | changes))


def receipt(**changes: Any) -> LabelReceipt:
    """Return the receipt of a label."""
    fields: dict[str, Any] = {
        "transaction_id": "tx-1",
        "card_id": CARD,
        "merchant_id": "merchant-1",
        "timestamp_ms": NOW_MS - 1000,
        "is_fraud": True,
        "label_time_ms": NOW_MS,
        "merchant_sequence": 10,
        "payment": "known",
    }
    return LabelReceipt(**(fields | changes))


def parsed_label() -> Label:
    """Return a label as `parse_label` does."""
    return Label("tx-1", CARD, "merchant-1", NOW_MS - 1000, True, NOW_MS, "chargeback")
