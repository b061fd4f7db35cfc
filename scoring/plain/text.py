"""Text written by compiled code: bytes copied, integers in decimals, numbers of a JSON array found.

Places in text have no sign: of a signed one the compiler asks for each access whether it counts
from the end.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from features.kernels.compiled import helper

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.int64]
Place = np.uint64

DIGITS: Final = 20
"""Decimals of a uint64 at most."""

_ONE: Final = np.uint64(1)
_TEN: Final = np.uint64(10)
_HUNDRED: Final = np.uint64(100)
_ZERO: Final = np.uint64(ord("0"))
_COMMA: Final = np.uint8(ord(","))
_CLOSING: Final = np.uint8(ord("]"))
_BLOCK: Final = 32
"""Bytes that are searched together: with a constant number the compiler makes vectors of them."""


class Pieces(NamedTuple):
    """Texts, one behind the other: number i is text[stops[i] : stops[i + 1]].

    Attributes:
        text: uint8[bytes].
        stops: int64[pieces + 1].
    """

    text: Bytes
    stops: Words


def _memory_copy(_: Any, source: Any, _at: Any, out: Any, _to: Any, _size: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        places = []
        for array, place in ((0, 1), (2, 3)):
            kind = context.make_array(signature.args[array])
            data = kind(context, builder, given[array]).data
            places.append(builder.gep(data, [given[place]]))
        cgutils.raw_memcpy(builder, places[1], places[0], given[4], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    place = types.uint64
    return types.void(source, place, out, place, place), generate


_copy = cast("Callable[[Bytes, Any, Bytes, Any, Any], None]", intrinsic(_memory_copy))


@helper
def put(source: Bytes, at: int | Place, size: int | Place, out: Bytes, to: Place) -> Place:
    """Copy so many bytes; return the place behind them.

    Texts are short: a call of the C library takes a third of a loop's time. Nothing is checked.
    """
    _copy(source, np.uint64(at), out, to, np.uint64(size))
    return to + np.uint64(size)


@helper
def put_piece(pieces: Pieces, number: Place, out: Bytes, to: Place) -> Place:
    """Copy a piece; return the place behind it."""
    at = pieces.stops[number]
    return put(pieces.text, at, pieces.stops[number + _ONE] - at, out, to)


@helper
def put_integer(number: int, digits: Bytes, out: Bytes, to: Place) -> Place:
    """Write an integer from 0 in decimals; return the place behind it.

    `digits` is room for DIGITS, where they are made from the last one on, two at a time.
    """
    rest, first = np.uint64(number), np.uint64(DIGITS)
    while rest >= _TEN:
        pair = rest % _HUNDRED
        rest //= _HUNDRED
        first -= np.uint64(2)
        digits[first] = _ZERO + pair // _TEN
        digits[first + _ONE] = _ZERO + pair % _TEN
    if rest > 0 or first == DIGITS:
        first -= _ONE
        digits[first] = _ZERO + rest
    return put(digits, first, np.uint64(DIGITS) - first, out, to)


@helper
def _ends(byte: np.uint8) -> np.uint8:
    """Return 1 for a byte that ends a number of a JSON array, else 0."""
    return np.uint8((byte == _COMMA) | (byte == _CLOSING))


@helper
def behind_numbers(text: Bytes, at: Place, count: int) -> Place:
    """Return the place behind so many numbers of a JSON array and what ends the last of them."""
    left = np.uint64(count)
    while at + np.uint64(_BLOCK) <= len(text):
        found = np.uint8(0)
        for i in range(np.uint64(_BLOCK)):
            found = np.uint8(found + _ends(text[at + i]))
        if found >= left:
            break
        left -= np.uint64(found)
        at += np.uint64(_BLOCK)
    while left > 0:
        left -= np.uint64(_ends(text[at]))
        at += _ONE
    return at
