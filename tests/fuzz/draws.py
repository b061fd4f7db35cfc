"""Fuzz input as numbers, choices and bytes: what a structured target is built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Takes values from the front of some bytes; zeros once they are used up.

    >>> draws = Draws(bytes([2, 1, 0, 7]))
    >>> draws.number(1), draws.choice("ab"), draws.number(2), draws.rest()
    (2, 'b', 1792, b'')
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken.ljust(count, b"\0")

    def rest(self) -> bytes:
        """Return what is left."""
        taken = self._data[self._at :]
        self._at = len(self._data)
        return taken

    def number(self, width: int, *, signed: bool = False) -> int:
        """Return a little-endian integer of `width` bytes."""
        return int.from_bytes(self.take(width), "little", signed=signed)

    def choice(self, options: Sequence[T]) -> T:
        """Return one of up to 256 options."""
        return options[self.number(1) % len(options)]

    def text(self) -> str:
        """Return a text of up to 255 characters, with what UTF-8 can hold."""
        return self.take(self.number(1)).decode(errors="replace")

    @property
    def done(self) -> bool:
        """Whether everything has been taken."""
        return self._at >= len(self._data)


def bent(draws: Draws, make: Callable[[Draws], bytes], most_added: int) -> bytes:
    """Return what `make` draws with some bytes changed, and cut or prolonged.

    What is changed is drawn before; up to `most_added` zeros, 2**n - 1 of them, are added.
    """
    changes = [(draws.number(2), draws.number(1)) for _ in range(draws.number(1) % 9)]
    keep, more = draws.number(2), draws.number(1) & most_added
    state = bytearray(make(draws))
    for place, value in changes:
        state[place % len(state)] = value
    return bytes(state[: keep or None]) + b"\0" * more
