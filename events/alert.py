"""An alert: a decision at MEDIUM or HIGH, with its reasons, light enough to show at once."""

from typing import Final, Literal

import msgspec

from events.decision import Flag, Reason
from events.wire import decode_event

ALERT_VERSION: Final = 1


class Alert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One alert: the decision's fields without features and payment, and the reasons."""

    transaction_id: str
    card_id: str
    merchant_id: str
    timestamp_ms: int
    amount_minor: int
    currency: str
    probability: float
    model_scores: dict[str, float]
    risk_level: Literal["MEDIUM", "HIGH"]
    model: str
    feature_set: int
    card_sequence: int
    merchant_sequence: int
    flags: list[Flag]
    received_ms: int
    decided_ms: int
    reasons: list[Reason]
    merchant_category: str | None = None
    country: str | None = None
    city: str | None = None
    schema_version: int = ALERT_VERSION


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Alert)


def encode_alert(alert: Alert) -> bytes:
    """Return the alert as JSON."""
    return _encoder.encode(alert)


def decode_alert(value: bytes) -> Alert:
    """Return the alert that `value` holds; EventError where it does not hold one."""
    return decode_event(_decoder, value, "alert", ALERT_VERSION)
