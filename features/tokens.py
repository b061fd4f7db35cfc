"""Names as small integers, and amounts as integers of one scale: what goes into packed state."""

from collections.abc import Callable
from typing import Final

from xxhash import xxh3_64_intdigest

from events.money import EXPONENTS

UNKNOWN: Final = 0
"""The token of a name that was not given."""

_SCALE_DECIMALS: Final = 4
_SCALE_OF_TWO_DECIMALS: Final = 100

_SCALES: Final[dict[str, int]] = {
    code: int(10 ** (_SCALE_DECIMALS - decimals)) for code, decimals in EXPONENTS.items()
}
"""ISO 4217 code to the ten-thousandths in its minor unit."""

_CURRENCY_NUMBERS: Final = {code: int.from_bytes(code.encode()) for code in EXPONENTS}

_hash: Final[Callable[[str], int]] = xxh3_64_intdigest


def id_token(name: str) -> int:
    """Return 63 bits of the xxh3 of a transaction_id."""
    return _hash(name) >> 1


def payment_token(transaction_id: str, card_id: str) -> int:
    """Return 24 bits of the xxh3 of a payment's id and card, never UNKNOWN.

    Compared together with the event time at one merchant. A label of a payment that is not there is
    taken for each one of its moment, or of the span of its cut time, in 1 of 16.8 million cases.
    """
    return _hash(f"{card_id}\n{transaction_id}") >> 40 or 1


def wide_token(name: str) -> int:
    """Return 32 bits of the xxh3 of a name, never UNKNOWN."""
    return _hash(name) >> 32 or 1


def small_token(name: str | None) -> int:
    """Return 16 bits of the xxh3 of a name, UNKNOWN where it is None.

    Enough for what one card sees few of (cities, devices, countries): with ten of them known, a
    new one is taken for a known one in 1 of 6,500 cases.
    """
    if name is None:
        return UNKNOWN
    return _hash(name) >> 48 or 1


def ten_thousandths(amount_minor: int, currency: str) -> int:
    """Return an amount in ten-thousandths of the currency's major unit, which is always exact.

    It is part of a payment's content (card/ids.py), so rates do not change it. No currency has more
    than four decimals. An unknown currency is taken to have two. A valid amount is below 2**54.

    >>> ten_thousandths(1234, "EUR"), ten_thousandths(1234, "JPY"), ten_thousandths(4, "KWD")
    (123400, 12340000, 40)
    """
    return amount_minor * _SCALES.get(currency, _SCALE_OF_TWO_DECIMALS)


def currency_number(currency: str) -> int:
    """Return the letters of a currency as an integer, which no release numbers otherwise.

    >>> currency_number("EUR") == int.from_bytes(b"EUR")
    True
    """
    return _CURRENCY_NUMBERS.get(currency) or int.from_bytes(currency[:3].encode())
