"""Messages between the stages, packed with MessagePack."""

from typing import Final

import msgspec

from events.decision import Flag
from events.label import Label
from events.transaction import Transaction


class LabelOnItsWay(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="l"):
    """A label on its way to the entity that learns it, and the place of its record."""

    label: Label
    partition: int = -1
    offset: int = -1


class Refused(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="d"):
    """An encoded dead letter on its way to the sink, with its original key."""

    key: bytes | None
    value: bytes


class ScoringRequest(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="p"):
    """A payment on its way to its score.

    `original` is the payment as it was received. `features` holds float32 as bytes, those of each
    entity that the payment has visited, in the order of the path; behind the last entity they are
    complete. `sequences` holds the payment's number at each of these entities, by its name.
    `received_ms` is the Kafka time, see `events.decision.Decision`. `reference_currency` and
    `rates_date` are of the rates that the first entity converted the amount by. `partition` and
    `offset` are the place of the payment's record, for its dead letter should it have no answer;
    both are -1 where the payment came from no record.
    """

    payment: Transaction
    original: bytes
    features: bytes
    sequences: dict[str, int]
    flags: list[Flag]
    received_ms: int
    reference_currency: str
    rates_date: str
    partition: int = -1
    offset: int = -1

    def latency_ms(self, now_ms: int) -> int | None:
        """Return the time since Kafka had the payment, None where its record does not tell."""
        return None if "record_time" in self.flags else now_ms - self.received_ms


_encoder: Final = msgspec.msgpack.Encoder()
_hand_overs: Final = msgspec.msgpack.Decoder(ScoringRequest | LabelOnItsWay | Refused)
_requests: Final = msgspec.msgpack.Decoder(ScoringRequest)

pack = _encoder.encode
unpack_hand_over = _hand_overs.decode
unpack_request = _requests.decode
