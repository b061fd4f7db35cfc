"""A card's state from any bytes: a sentence, or a state that goes on and stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np

from events.transaction import Transaction
from features import warm_up
from features.card import state as card_state
from features.card.state import EMPTY, HEAD_COUNTS, HEAD_WORDS, VERSION
from features.kernels.compiled import interpreted
from features.money.shipped import SHIPPED
from features.state import StateError, of_unit
from features.windows import MAX_CARD_EVENTS, MAX_LOOSE_IDS
from tests.fuzz.draws import Draws, bent
from tests.fuzz.oracle import check_refusal
from tests.unit.features.singly import pay_by

NOON_MS: Final = 1_700_049_600_000
packed_counts = interpreted(card_state.packed_counts)
state_size = interpreted(card_state.state_size)
LARGEST: Final = state_size(MAX_CARD_EVENTS, MAX_CARD_EVENTS, MAX_CARD_EVENTS, MAX_LOOSE_IDS)
_STEPS: Final = 3
NEW: Final = of_unit(EMPTY, SHIPPED.unit)
"""The state of a new card, in the shipped reference currency."""

shrink = 1
"""By how much states are smaller than the largest; above 1 none counts as made by payments."""

warm_up()  # compiling is not part of any input's time


def run(data: bytes) -> None:
    """Make a state of the bytes and let payments come."""
    draws = Draws(data)
    kind = draws.number(1) % 4
    payments = [drawn_payment(draws, number) for number in range(_STEPS)]
    state, is_valid = _STATES[kind](draws)
    for payment in payments:
        try:
            step = pay_by(state, payment)
        except StateError as error:
            check_refusal(error)
            assert not is_valid or shrink > 1, "a state that was made by payments is refused"
            return
        assert len(step.state) <= max(LARGEST, 0 if step.accepted else len(state))
        assert step.state[0] == VERSION or not step.accepted
        assert not step.accepted or step.values.dtype == np.float32
        assert not np.isinf(step.values).any() or not is_valid or shrink > 1
        assert pay_by(state, payment).state == step.state, "not the same twice"
        state = step.state


def drawn_payment(draws: Draws, number: int) -> Transaction:
    """Return a payment around noon, near to or far from what the state may hold."""
    flags = draws.number(1)
    time_ms = NOON_MS + draws.number(2) * (1 << draws.number(1) % 18)
    place = (draws.number(2) / 364.1 - 90.0, draws.number(2) / 182.1 - 180.0)
    return Transaction(
        transaction_id=f"t{flags & 3}" if flags & 4 else f"n{number}",
        card_id="c1",
        timestamp_ms=time_ms,
        amount_minor=draws.number(5),
        currency=("EUR", "JPY", "USD", "XOF")[flags >> 4 & 3],
        merchant_id=f"m{flags & 3}",
        city=f"city-{flags & 7}" if flags & 8 else None,
        country="AT",
        time_zone="Asia/Kathmandu" if flags & 16 else None,
        home_country="AU" if flags & 32 else None,
        device_id=f"d{flags & 1}",
        lat=place[0] if flags & 64 else None,
        lon=place[1] if flags & 64 else None,
    )


def _raw(draws: Draws) -> tuple[bytes, bool]:
    return draws.rest(), False


def _counted(draws: Draws) -> tuple[bytes, bool]:
    """Return a state whose length fits its counts, whatever else is in it."""
    ids = draws.number(2) % (2048 // shrink)
    events = ids + draws.number(2) % (2048 // shrink)
    buckets = draws.number(2) % (1200 // shrink)
    loose = draws.number(1) ** 2 // 3 % 2**15
    sorted_rows = draws.number(1) & 1
    head = np.zeros(HEAD_WORDS, "<i8")
    head[:] = [draws.number(8, signed=True) for _ in range(HEAD_WORDS)]
    head[0] = int.from_bytes(NEW[:8], "little")
    head[HEAD_COUNTS] = packed_counts(events, ids, buckets, loose)
    if sorted_rows:
        head[1] = NOON_MS
    body = state_size(events, ids, buckets, loose) - 8 * HEAD_WORDS
    return head.tobytes() + stretched(draws.rest(), body), False


def stretched(seed: bytes, length: int) -> bytes:
    """Return `length` bytes that begin with the seed and go on with what it decides."""
    if len(seed) >= length:
        return seed[:length]
    generator = np.random.default_rng(list(seed[:16]))
    width = generator.choice([2, 64, 256])
    return seed + generator.integers(0, width, length - len(seed)).astype(np.uint8).tobytes()


def _grown(draws: Draws) -> tuple[bytes, bool]:
    """Return a state that payments made."""
    many = draws.number(1)
    state = nearly_full() if many > 251 else None
    for number in range(many % 48 // min(shrink, 4)):
        state = pay_by(state, drawn_payment(draws, 100 + number)).state
    return state or NEW, True


@cache
def nearly_full() -> bytes:
    """Return the state of a card that payments have nearly filled."""
    state: bytes | None = None
    for number in range(MAX_CARD_EVENTS // shrink - 4):
        at = bytes([number % 256 & ~4, number % 7, number % 256, number // 256, 2])
        state = pay_by(state, drawn_payment(Draws(at * 3), number)).state
    return state or NEW


def _bent(draws: Draws) -> tuple[bytes, bool]:
    """Return a state that payments made, with some bytes changed, and cut or prolonged."""
    return bent(draws, lambda drawn: _grown(drawn)[0], 7), False


_STATES: Final = (_raw, _counted, _grown, _bent)


def seeds() -> Iterator[bytes]:
    """A state of each kind, quiet and busy, near in time and spread."""
    payment = bytes([0x4B, 9, 0, 16, 1, 2, 3, 4, 5, 0, 0, 0, 0])
    head = b"\3\0\2\0\1\0\1" + b"\0" * 96
    for kind in range(4):
        for many in (0, 3, 40):
            yield bytes([kind]) + payment * 3 + (head if kind == 1 else bytes([many])) + payment * 9
    yield bytes([0]) + payment * 3 + NEW
    yield bytes([0]) + payment * 3 + b"\1" + NEW[1:72]
    yield bytes([1]) + payment * 3 + b"\0\0\xd0\7\0\0\1" + b"\0" * 96 + payment
    yield bytes([1]) + payment * 3 + b"\xff\3\0\0\0\0\0" + payment * 9
