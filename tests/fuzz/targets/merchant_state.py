"""A merchant's state from any bytes: a sentence, or a state that goes on and stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np

from events.label import Label
from events.transaction import Transaction
from features.merchant.state import EMPTY, HEAD_WORDS, LABEL_BYTES, ROW_BYTES, VERSION
from features.merchant.transition import LabelStep
from features.money.shipped import SHIPPED
from features.state import StateError, of_unit
from features.windows import MAX_LABELS, MAX_MERCHANT_ROWS
from tests.fuzz.draws import Draws, bent
from tests.fuzz.oracle import check_refusal
from tests.fuzz.targets.card_state import NOON_MS, stretched
from tests.unit.features.singly import AtMerchant, pay_at, tell_at

LARGEST: Final = (
    8 * HEAD_WORDS + ROW_BYTES * (MAX_MERCHANT_ROWS + 1) + LABEL_BYTES * (MAX_LABELS + 1)
)
_STEPS: Final = 3
NEW: Final = of_unit(EMPTY, SHIPPED.unit)
"""The state of a new merchant, in the shipped reference currency."""

shrink = 1
"""As in `card_state`."""


def run(data: bytes) -> None:
    """Make a state of the bytes and let payments and labels come."""
    draws = Draws(data)
    kind = draws.number(1) % 4
    arrivals = [draws.take(10) for _ in range(_STEPS)]
    state, is_valid = _STATES[kind](draws)
    for arrival in arrivals:
        try:
            step = _step(state, arrival)
        except StateError as error:
            check_refusal(error)
            assert not is_valid or shrink > 1, "a state that was made by payments is refused"
            return
        assert len(step.state) <= LARGEST
        assert step.state[0] == VERSION
        if isinstance(step, AtMerchant):
            assert not np.isinf(step.values).any() or not is_valid or shrink > 1
        assert _step(state, arrival).state == step.state, "not the same twice"
        state = step.state


def _step(state: bytes | None, arrival: bytes) -> AtMerchant | LabelStep:
    """Let one payment or label come that ten bytes describe."""
    draws = Draws(arrival)
    flags = draws.number(1)
    time_ms = NOON_MS + draws.number(2) * (1 << draws.number(1) % 18)
    amount = draws.number(5)
    if not flags & 1:
        currency = ("EUR", "JPY", "USD", "XOF")[flags >> 4 & 3]
        one = Transaction(f"t{amount & 7}", "c1", time_ms, amount, currency, "m1")
        return pay_at(state, one)
    label = Label(f"t{amount & 7}", "c1", "m1", time_ms, bool(flags & 2), time_ms + amount, "bank")
    return tell_at(state, label)


def _raw(draws: Draws) -> tuple[bytes, bool]:
    return draws.rest(), False


def _counted(draws: Draws) -> tuple[bytes, bool]:
    """Return a state whose length fits its counts, whatever else is in it."""
    rows, labels = draws.number(2) % (4096 // shrink), draws.number(2) % (2048 // shrink)
    base, sequence = draws.number(8, signed=True), draws.number(8, signed=True)
    until_ms = draws.number(8, signed=True)
    base = base if base & 1 else NOON_MS
    head = np.array(
        [int.from_bytes(NEW[:8], "little"), base, sequence, rows, labels, until_ms], "<i8"
    )
    body = ROW_BYTES * rows + LABEL_BYTES * labels
    return head.tobytes() + stretched(draws.rest(), body), False


def _grown(draws: Draws) -> tuple[bytes, bool]:
    """Return a state that payments and labels made."""
    many = draws.number(1)
    state = nearly_full() if many > 251 else None
    for _ in range(many % 48 // min(shrink, 4)):
        state = _step(state, draws.take(10)).state
    return state or NEW, True


@cache
def nearly_full() -> bytes:
    """Return the state of a merchant that payments and labels have nearly filled."""
    state: bytes | None = None
    for number in range(MAX_MERCHANT_ROWS * 8 // 7 // shrink - 4):
        at = bytes(
            [3 * (number % 8 == 0), number % 256, number // 256, 11, number % 256, number // 256]
        )
        state = _step(state, at.ljust(10, b"\0")).state
    return state or NEW


def _bent(draws: Draws) -> tuple[bytes, bool]:
    """Return a state that payments made, with some bytes changed, and cut or prolonged."""
    return bent(draws, lambda drawn: _grown(drawn)[0], 15), False


_STATES: Final = (_raw, _counted, _grown, _bent)


def seeds() -> Iterator[bytes]:
    """A state of each kind, with payments and with labels."""
    paid, told = bytes([0, 9, 0, 16, 1, 2, 3, 0, 0, 0]), bytes([3, 8, 0, 17, 2, 2, 3, 0, 0, 0])
    three = paid + told + paid
    for kind in range(4):
        for many in (0, 3, 40):
            counts = b"\4\0\3\0" + b"\0" * 24 if kind == 1 else bytes([many])
            yield bytes([kind]) + three + counts + (paid + told) * 9
    yield bytes([0]) + three + NEW
    yield bytes([0]) + three + b"\1" + NEW[1:] + b"\0" * 16
    yield bytes([1]) + three + b"\xff\x0f\0\0" + b"\0" * 24 + paid
    yield bytes([1]) + three + b"\0\0\xff\7" + b"\0" * 24 + paid
