"""What the card stage hands the merchant stage, packed with MessagePack."""

from typing import Final

import msgspec

from events.label import Label
from events.transaction import Transaction


class CardResult(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="p"):
    """A payment with its card's features.

    `original` is the payment as it was received, `features` float32[CARD_FEATURES] in bytes.
    `odd_record_time` says that the record's Kafka time could be none, and `received_ms` is the
    payment's own.
    """

    payment: Transaction
    original: bytes
    features: bytes
    sequence: int
    late: bool
    compacted: bool
    received_ms: int
    odd_record_time: bool = False


class CardLabel(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="l"):
    """A label on its way to the merchant."""

    label: Label


class Refused(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="d"):
    """An encoded dead letter on its way past the merchant to the sink, with its original key."""

    key: bytes | None
    value: bytes


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(CardResult | CardLabel | Refused)

pack = _encoder.encode
unpack = _decoder.decode
