"""An alert: a decision at MEDIUM or HIGH, with its reasons, light enough to show at once."""

from typing import Final

import msgspec

from events import fields
from events.decision import Flag, Reason
from events.fields import Written
from events.levels import AlertLevel
from events.wire import decode_event

ALERT_VERSION: Final = 1


class Alert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One alert: the decision's fields without features and payment, and what raised the score.

    `contributions` and `contribution_base` are empty and 0 in an alert of a release without them.
    """

    transaction_id: fields.TransactionId[Written]
    card_id: fields.CardId[Written]
    merchant_id: fields.MerchantId[Written]
    timestamp_ms: fields.TimestampMs
    amount_minor: fields.AmountMinor
    currency: fields.WrittenCurrency
    probability: fields.Probability
    model_scores: fields.ModelScores
    risk_level: fields.RiskLevel[AlertLevel]
    policy: fields.Policy[str | None] = None
    policy_version: fields.PolicyVersion[str | None] = None
    decided_by: fields.DecidedBy[str | None] = None
    tags: fields.Tags[list[str]] = []
    model: fields.Model
    feature_set: fields.FeatureSet
    card_sequence: fields.CardSequence
    merchant_sequence: fields.MerchantSequence
    flags: fields.Flags[list[Flag]]
    received_ms: fields.ReceivedMs
    decided_ms: fields.DecidedMs
    reference_currency: fields.ReferenceCurrency[str | None] = None
    rates_date: fields.RatesDate[str | None] = None
    reasons: fields.Reasons[list[Reason]]
    contributions: fields.Contributions = {}
    contribution_base: fields.ContributionBase = 0.0
    merchant_category: fields.MerchantCategory[Written | None] = None
    country: fields.Country[Written | None] = None
    city: fields.City[Written | None] = None
    schema_version: fields.SchemaVersion = ALERT_VERSION


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Alert)


def encode_alert(alert: Alert) -> bytes:
    """Return the alert as JSON."""
    return _encoder.encode(alert)


def decode_alert(value: bytes) -> Alert:
    """Return the alert that `value` holds; EventError where it does not hold one."""
    return decode_event(_decoder, value, "alert", ALERT_VERSION)
