"""A payment with everything that its decision needs but the score."""

from typing import Final

import msgspec

from events.decision import Flag
from events.transaction import Transaction


class ScoringRequest(msgspec.Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """One payment, ready to be scored.

    `features` holds float32[f] as bytes in the order of FEATURE_NAMES, `original` the payment as
    it was received; `received_ms` is its Kafka time.
    """

    payment: Transaction
    original: bytes
    features: bytes
    card_sequence: int
    merchant_sequence: int
    flags: list[Flag]
    received_ms: int


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(ScoringRequest)

pack = _encoder.encode
unpack = _decoder.decode
