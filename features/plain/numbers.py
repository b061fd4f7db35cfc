"""Numbers in JSON, as an integer of their digits and the number of their decimals."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import helper
from features.kernels.plan import Plan
from features.plain.bits import load_8, upper_product
from features.plain.texts import NOT_PLAIN

MOST_DIGITS: Final = 18
"""Digits of the largest number that is read; an int64 holds any such number."""

MINUS: Final = ord("-")
_EXACT: Final = 2**53
"""Integers up to here are exact as float64."""

_TOP: Final = np.uint64(1 << 63)
_ONE: Final = np.uint64(1)
_BELOW_ROUNDING: Final = np.uint64(0x1FF)
"""The 9 lowest of 64 bits: a float64 has 53, and one more says whether the last is rounded up."""

_POINT: Final = ord(".")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")


@helper
def is_digit(memory: bytes, at: int, end: int) -> bool:
    """Say whether there is a digit at a place."""
    return at < end and _ZERO <= load_8(memory, at) <= _NINE


@helper
def digits_at(memory: bytes, at: int, end: int, before: int) -> tuple[int, int]:
    """Return the number that the digits from a place on add to those before, and where they end.

    Digits beyond MOST_DIGITS are left.
    """
    stop, number = min(end, at + MOST_DIGITS), before
    while is_digit(memory, at, stop):
        number = 10 * number + (load_8(memory, at) - _ZERO)
        at += 1
    return number, at


@helper
def decimal_at(memory: bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Return digits as an integer, their number, the decimals, and the place behind.

    The place is NOT_PLAIN where no JSON number without a sign begins. Behind what is read stands an
    exponent, or a digit beyond MOST_DIGITS, where a plain value has a mark of JSON.
    """
    number, place = digits_at(memory, at, end, 0)
    count, decimals = place - at, 0
    if count == 0 or (count > 1 and load_8(memory, at) == _ZERO):
        return 0, 0, 0, NOT_PLAIN
    if place < end and load_8(memory, place) == _POINT:
        point = place
        number, place = digits_at(
            memory, point + 1, min(end, point + 1 + MOST_DIGITS - count), number
        )
        decimals = place - point - 1
        if decimals == 0:
            return 0, 0, 0, NOT_PLAIN
    return number, count + decimals, decimals, place


def inverse_powers() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Return the 64 highest bits of 10**-k, rounded down, and the bits b that scale them by 2**-b.

    uint64[MOST_DIGITS + 1] and int64[MOST_DIGITS + 1].
    """
    bits = [63 + (10**power - 1).bit_length() for power in range(MOST_DIGITS + 1)]
    words = [min((1 << bit) // 10**power, 2**64 - 1) for power, bit in enumerate(bits)]
    return np.array(words, np.uint64), np.array(bits)


@helper
def quotient(plan: Plan, number: int, decimals: int) -> float:
    """Return a number of zero or more without its point as the nearest float64, NaN if in doubt.

    A quotient of two exact floats is rounded once, and so is right. Beyond, the product with the
    inverse power is, if bits below the rounded one show that what the inverse lacks is no matter.
    D. Lemire, Number parsing at a gigabyte per second, Software: Practice and Experience 51 (2021).
    """
    if number <= _EXACT:
        return float(number / plan.powers[decimals])
    word, shift = np.uint64(number), 0
    while word < _TOP:
        word <<= _ONE
        shift += 1
    product = upper_product(word, plan.inverses[decimals])
    below = product & _BELOW_ROUNDING
    if below in (np.uint64(0), _BELOW_ROUNDING):
        return np.nan
    dropped = 10 if product >= _TOP else 9
    rounded = ((product >> np.uint64(dropped)) + _ONE) >> _ONE
    return math.ldexp(float(rounded), 65 + dropped - shift - plan.inverse_bits[decimals])
