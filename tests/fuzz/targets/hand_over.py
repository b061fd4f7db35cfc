"""What one stage hands the next: MessagePack that comes back as it went, or is refused."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from events.label import Label
from events.transaction import Transaction
from scoring import messages

_PAID = Transaction("t1", "c1", 1, 2, "EUR", "m1", lat=1.0, lon=2.0, attributes={"V1": 0.5})


def run(data: bytes) -> None:
    """Unpack a hand-over or a request; both are written and read by one release only."""
    unpack = messages.unpack_request if data and data[0] % 2 else messages.unpack_hand_over
    try:
        message = unpack(data[1:])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    again = unpack(messages.pack(message))
    assert messages.pack(again) == messages.pack(message)  # bytes, because NaN is not itself


def seeds() -> Iterator[bytes]:
    """One message of each kind."""
    yield b"\0" + messages.pack(_request())
    label = Label("t1", "c1", "m1", 1, True, 2, "bank")
    yield b"\0" + messages.pack(messages.LabelOnItsWay(label))
    yield b"\0" + messages.pack(messages.Refused(None, b"{}"))
    yield b"\1" + messages.pack(_request())


def _request() -> messages.ScoringRequest:
    sequences = {"card": 1, "merchant": 2}
    return messages.ScoringRequest(
        _PAID, b"{}", b"\0" * 8, sequences, ["late"], 3, "EUR", "2026-10-06"
    )
