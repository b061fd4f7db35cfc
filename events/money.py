"""Money: ISO 4217 currencies, and amounts as exact integers of minor units.

No amount passes through a float: digits are read as digits, so 0.1 + 0.2 style residue cannot
arise, and an amount that is not a whole number of minor units is refused instead of rounded.
"""

import decimal
import re
from typing import Final

from msgspec import json

from events.errors import EventError, refuse, show

MAX_AMOUNT_MINOR: Final = 2**40 - 1
"""The largest amount in minor units; sums of a million of them still fit an int64."""

_TWO: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP "
    "GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT "
    "LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS "
    "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD "
    "XCD XCG YER ZAR ZMW ZWG ZWL"
)
_ZERO: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR: Final = "CLF UYW"

EXPONENTS: Final[dict[str, int]] = {
    code: exponent
    for exponent, codes in ((2, _TWO), (0, _ZERO), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
"""ISO 4217 code to the number of decimals of its minor unit."""

_SCALES: Final = (1, 10, 100, 1_000, 10_000)
_FAST_DIGITS: Final = 13
_QUOTE: Final = ord('"')

AMOUNT_PATTERN: Final = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
"""An amount in a string: a JSON number that may also have leading zeros or a bare point."""

_NUMBER: Final = re.compile(AMOUNT_PATTERN)
_MAJOR: Final = "send the amount as a decimal in major units of the currency"
_EXACT: Final = decimal.Context(prec=100_000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def currency_exponent(currency: str) -> int:
    """Return how many decimals the minor unit of `currency` has; EventError where unknown.

    >>> currency_exponent("EUR"), currency_exponent("JPY"), currency_exponent("KWD")
    (2, 0, 3)
    """
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        expected = "an ISO 4217 code in capitals such as EUR"
        step = "send the code of the currency that the amount is in"
        raise refuse("bad_currency", "`currency`", expected, show(currency), step)
    return exponent


def parse_amount(text: bytes, exponent: int) -> int:
    """Return the minor units of a JSON number, or of a JSON string that holds one.

    Judged by value, not by notation: 12.340 and 1.234e1 are 1234 minor units at exponent 2.
    EventError `bad_amount` where the value is negative, too large or not whole in minor units,
    `wrong_type` where it is neither number nor string.

    >>> parse_amount(b"12.34", 2), parse_amount(b'"1e2"', 2), parse_amount(b"5", 0)
    (1234, 10000, 5)
    """
    number = text[1:-1] if text[0] == _QUOTE else text
    whole, _, fraction = number.partition(b".")
    digits = whole + fraction
    spare = exponent - len(fraction)
    if spare >= 0 and len(digits) < _FAST_DIGITS and digits.isdigit():
        minor = int(digits) * _SCALES[spare]
        if minor <= MAX_AMOUNT_MINOR:
            return minor
    return _parse_any_amount(text.decode(), exponent)


def format_amount(amount_minor: int, exponent: int) -> str:
    """Return minor units as a JSON number with all its decimals.

    >>> format_amount(5, 2), format_amount(5, 0), format_amount(12345, 3)
    ('0.05', '5', '12.345')
    """
    if exponent == 0:
        return str(amount_minor)
    whole, fraction = divmod(amount_minor, _SCALES[exponent])
    return f"{whole}.{fraction:0{exponent}d}"


def largest_amount(exponent: int) -> str:
    """Return the words for the largest amount of a currency with `exponent` decimals.

    >>> largest_amount(2), largest_amount(0)
    ('at most 10995116277.75', 'at most 1099511627775')
    """
    return f"at most {format_amount(MAX_AMOUNT_MINOR, exponent)}"


def smallest_unit(exponent: int) -> str:
    """Return the words for how fine an amount of a currency with `exponent` decimals may be.

    >>> smallest_unit(2)
    'a whole number of minor units (2 decimals at most)'
    """
    return f"a whole number of minor units ({exponent} decimals at most)"


def _parse_any_amount(text: str, exponent: int) -> int:
    """Read what the fast path left: strings, exponents, many digits, and all that is wrong."""
    if text[0] not in '"-0123456789':
        raise _bad_amount("wrong_type", "a decimal number, or a string that holds one", text)
    number = json.decode(text, type=str) if text[0] == '"' else text
    if number is not text and not _NUMBER.fullmatch(number):
        if number.startswith("-") and _NUMBER.fullmatch(number[1:]):
            raise _negative(text)
        step = "write digits and a point only: no blank, sign, comma or currency"
        raise _bad_amount("bad_amount", "a number of zero or more, as 12.34", text, step)
    try:
        amount = decimal.Decimal(number)
    except decimal.InvalidOperation:
        raise _bad_amount("bad_amount", "an exponent within reach", text) from None
    if amount < 0:
        raise _negative(text)
    return _whole_minor_units(amount, exponent, text)


def _whole_minor_units(amount: decimal.Decimal, exponent: int, text: str) -> int:
    """Return a non-negative amount in minor units, without ever building a huge integer."""
    if amount == 0:
        return 0
    if amount.adjusted() + exponent > _FAST_DIGITS:
        raise _bad_amount("bad_amount", largest_amount(exponent), text)
    if amount.adjusted() + exponent < 0:
        raise _bad_amount("bad_amount", smallest_unit(exponent), text)
    minor = amount.scaleb(exponent, _EXACT)
    if minor != minor.to_integral_value(context=_EXACT):
        raise _bad_amount("bad_amount", smallest_unit(exponent), text)
    if minor > MAX_AMOUNT_MINOR:
        raise _bad_amount("bad_amount", largest_amount(exponent), text)
    return int(minor)


def _negative(text: str) -> EventError:
    step = "leave refunds and reversals out, they are no payments"
    return _bad_amount("bad_amount", "an amount of zero or more", text, step)


def _bad_amount(code: str, expected: str, text: str, step: str = _MAJOR) -> EventError:
    return refuse(code, "`amount`", expected, show(text), step)
