"""Tables of the reader: what Python looks up in dictionaries, as arrays for compiled code."""

from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from events.money import EXPONENTS, MAX_AMOUNT_MINOR
from events.zones import ZONE_OF_COUNTRY
from features.money.rates import Rates
from features.money.units import MANTISSA_BITS, NO_RATE
from features.payment.measure import LOOKED_UP, NUMBERS, NUMBERS_OF_OTHERS
from features.tokens import ten_thousandths

Words = npt.NDArray[np.int64]

LETTERS: Final = 26
_A: Final = ord("A")

EXPONENT: Final = 0
SCALE: Final = 1  # ten-thousandths of the major unit in the minor unit
FACTOR: Final = 2  # an amount in units is (minor * FACTOR + ADDED) // DIVISOR
ADDED: Final = 3
DIVISOR: Final = 4
LARGEST: Final = 5  # minor units that are plain: converted within an int64, stored unrounded
_CURRENCY_COLUMNS: Final = 6

_CATEGORY_SLOTS: Final = 1 << 15
NAME_AT: Final = 0
NAME_SIZE: Final = 1  # 0 in an empty slot
NUMBERS_AT: Final = 2
NUMBERS_SIZE: Final = LOOKED_UP - 1

DAYS: Final = 4
"""Days in a row whose offsets are remembered of each country."""

DAY: Final = 0
BEFORE_MS: Final = 1
CHANGE_MS: Final = 2
AFTER_MS: Final = 3
_DAY_COLUMNS: Final = 4
_NO_DAY: Final = -1
_WORD: Final = 2**63


class Categories(NamedTuple):
    """Known merchant categories, found by the xxh3 of their names.

    Attributes:
        slots: int64[slots, 2 + NUMBERS_SIZE], place and bytes of a name, and its packed numbers. A
            name is in the first free slot from that of its xxh3 on; `slots` is a power of two.
        names: uint8[bytes], all names.
        others: int64[2, NUMBERS_SIZE], packed numbers of no category, and of one that is unknown.
    """

    slots: Words
    names: npt.NDArray[np.uint8]
    others: Words


def letters_number(code: str) -> int:
    """Return the number of a code of capitals, in the order of the alphabet.

    >>> letters_number("AA"), letters_number("AB"), letters_number("ZZ")
    (0, 1, 675)
    """
    number = 0
    for letter in code:
        number = LETTERS * number + ord(letter) - _A
    return number


def currencies_of(rates: Rates) -> Words:
    """Return exponent, scale and conversion of each currency, int64[letters ** 3, 6].

    Rows of codes that no currency has are -1, so that no amount is plain.
    """
    table = np.full((LETTERS**3, _CURRENCY_COLUMNS), -1, np.int64)
    for code, exponent in EXPONENTS.items():
        conversion = _conversion(code, rates)
        table[letters_number(code)] = (exponent, ten_thousandths(1, code), *conversion)
    return table


def _conversion(code: str, rates: Rates) -> tuple[int, int, int, int]:
    """Return factor, addend, divisor and the largest amount of a currency's conversion.

    Beyond that amount `Rates.amount` needs more than an int64, or rounds to what a state can hold.
    """
    if code not in rates.factors:
        return 0, NO_RATE, 1, MAX_AMOUNT_MINOR
    units = Fraction(10**rates.unit.decimals, 10 ** EXPONENTS[code])
    value = Fraction(*rates.factors[code]) * units
    n, d = value.numerator, value.denominator
    if 2 * max(n, d) >= _WORD:
        return 0, 0, 1, -1
    fitting = (_WORD - 1 - d) // (2 * n)
    unrounded = (2**MANTISSA_BITS - 1) * d // n
    return 2 * n, d, 2 * d, min(MAX_AMOUNT_MINOR, fitting, unrounded)


def known_categories() -> Categories:
    """Return the categories of `features.payment.measure`."""
    slots = np.zeros((_CATEGORY_SLOTS, NUMBERS_AT + NUMBERS_SIZE), np.int64)
    texts = [category for category in NUMBERS if category is not None]
    at = 0
    for text in texts:
        slot = xxhash.xxh3_64_intdigest(text) % _CATEGORY_SLOTS
        while slots[slot, NAME_SIZE]:
            slot = (slot + 1) % _CATEGORY_SLOTS
        slots[slot, :NUMBERS_AT] = at, len(text)
        slots[slot, NUMBERS_AT:] = np.frombuffer(NUMBERS[text], np.int64)
        at += len(text)
    names = np.frombuffer("".join(texts).encode("ascii"), np.uint8)
    others = np.frombuffer(NUMBERS[None] + NUMBERS_OF_OTHERS, np.int64).reshape(2, -1)
    return Categories(slots, names, others)


def known_countries() -> npt.NDArray[np.bool_]:
    """Return which pairs of letters are a country, bool[letters ** 2]."""
    known = np.zeros(LETTERS**2, np.bool_)
    known[[letters_number(code) for code in ZONE_OF_COUNTRY]] = True
    return known


def no_days() -> Words:
    """Return the table of the offsets of countries' days, without any: int64[countries * DAYS, 4].

    A country has DAYS rows; a day is in the row of its number modulo DAYS.
    """
    return np.full((LETTERS**2 * DAYS, _DAY_COLUMNS), _NO_DAY, np.int64)
