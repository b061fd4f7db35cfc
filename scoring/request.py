"""A payment with everything that its decision needs but the score."""

from typing import Final

import msgspec

from events.decision import Flag
from events.transaction import Transaction


class ScoringRequest(msgspec.Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """One payment, ready to be scored.

    `features` holds float32[f] as bytes in the order of FEATURE_NAMES, `original` the payment as
    it was received; `received_ms` is its Kafka time, see `events.decision.Decision`.
    """

    payment: Transaction
    original: bytes
    features: bytes
    card_sequence: int
    merchant_sequence: int
    flags: list[Flag]
    received_ms: int

    def latency_ms(self, now_ms: int) -> int | None:
        """Return the time since Kafka had the payment, None where its record does not tell."""
        return None if "record_time" in self.flags else now_ms - self.received_ms


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(ScoringRequest)

pack = _encoder.encode
unpack = _decoder.decode
