"""The receipt for a label: the place it took in its merchant's sequence.

With it an offline replay applies the label between the same two payments as the stream did.
"""

from typing import Final

import msgspec

from events.wire import decode_event

RECEIPT_VERSION: Final = 1


class LabelReceipt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One label that has been taken in, and where."""

    transaction_id: str
    card_id: str
    merchant_id: str
    timestamp_ms: int
    is_fraud: bool
    label_time_ms: int
    merchant_sequence: int
    schema_version: int = RECEIPT_VERSION


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(LabelReceipt)


def encode_receipt(receipt: LabelReceipt) -> bytes:
    """Return the receipt as JSON."""
    return _encoder.encode(receipt)


def decode_receipt(value: bytes) -> LabelReceipt:
    """Return the receipt that `value` holds; EventError where it does not hold one."""
    return decode_event(_decoder, value, "label receipt", RECEIPT_VERSION)
