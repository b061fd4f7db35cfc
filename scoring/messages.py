"""Messages between the stages, packed with MessagePack."""

from typing import Final

import msgspec

from events.decision import Flag
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
_hand_overs: Final = msgspec.msgpack.Decoder(CardResult | CardLabel | Refused)
_requests: Final = msgspec.msgpack.Decoder(ScoringRequest)

pack = _encoder.encode
unpack_hand_over = _hand_overs.decode
unpack_request = _requests.decode
