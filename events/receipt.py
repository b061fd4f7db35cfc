"""The receipt for a label: the place it took in its merchant's sequence, and what it found there.

With it an offline replay applies the label between the same two payments as the stream did.
"""

from typing import Final, Literal

import msgspec

from events import fields
from events.fields import Written
from events.wire import decode_event

RECEIPT_VERSION: Final = 1

LabelledPayment = Literal["known", "compacted", "unknown"]
"""Whether the merchant knows the payment that a label names, by its id, card and event time.

`known`: the merchant holds the payment, and the newest label of it counts. `compacted`: the payment
may be in a bucket of a busy merchant; a fraud counts there once, as long as the bucket has payments
that are not frauds. `unknown`: no such payment in the merchant's 68 days; the label counts nowhere
until the payment comes.
"""


class LabelReceipt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One label that has been taken in, and where."""

    transaction_id: fields.TransactionId[Written]
    card_id: fields.CardId[Written]
    merchant_id: fields.MerchantId[Written]
    timestamp_ms: fields.TimestampMs
    is_fraud: fields.IsFraud
    label_time_ms: fields.LabelTimeMs
    merchant_sequence: fields.MerchantSequence
    payment: fields.LabelledPaymentState[LabelledPayment | None] = None
    schema_version: fields.SchemaVersion = RECEIPT_VERSION


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(LabelReceipt)


def encode_receipt(receipt: LabelReceipt) -> bytes:
    """Return the receipt as JSON."""
    return _encoder.encode(receipt)


def decode_receipt(value: bytes) -> LabelReceipt:
    """Return the receipt that `value` holds; EventError where it does not hold one."""
    return decode_event(_decoder, value, "label receipt", RECEIPT_VERSION)
