"""Amounts: decimals of a file become whole minor units, exactly, or rounded where that is asked."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.money import AMOUNT_PATTERN, MAX_AMOUNT_MINOR, largest_amount, smallest_unit
from producer.values.checks import Checks, Mask, true
from producer.values.rejects import row_sentence
from producer.values.tally import Tally

Minor = npt.NDArray[np.int64]

_DECIMALS: Final = 4
_FINE: Final = pa.decimal128(18, _DECIMALS)
"""Fourteen digits and four decimals, which fit an int64; what has more is read one by one."""
_TO_UNITS: Final = pa.scalar(Decimal(10**_DECIMALS), pa.decimal128(5, 0))
_FLOAT_RESIDUE: Final = 64
"""A float amount may be this many units in the last place away from whole minor units."""
_PLAIN: Final = r"^[+-]?[0-9]{1,14}(\.[0-9]{1,4})?$"
_SIGNED: Final = re.compile(rf"[+-]?{AMOUNT_PATTERN}")
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9](?:\.([0-9]+))?[eE]\+?([0-9]{1,9})")
_SPREADSHEET_DIGITS: Final = 11
"""A spreadsheet writes whole numbers of more digits in scientific notation, rounded."""
_EXACT: Final = Context(prec=60)
_MAX_DIGITS: Final = 30


@dataclass(frozen=True, slots=True)
class AmountRules:
    """Rules for amounts with too many decimals, and for refunds: amounts below zero."""

    rounded: bool = False
    refunds_left_out: bool = False


def amount_column(
    raw: pa.Array, exponents: Minor, where: str, rules: AmountRules, checks: Checks, tally: Tally
) -> tuple[pa.Array, Mask]:
    """Return minor units, int64[n], and bool[n]: the refunds, which are left out.

    Amounts are decimals in major units. Texts and decimals are read exactly. A float64 is taken
    for the decimal next to it, a float32 for its shortest decimal.
    """
    given = true(raw.is_valid())
    checks.refuse(~given, "missing_field", where, "an amount", raw, "fill the column")
    if pa.types.is_float32(raw.type):
        raw = raw.cast(pa.string())
    exact = not pa.types.is_floating(raw.type)
    minor, readable = (_exact_amounts if exact else _float_amounts)(raw, exponents)
    fits = readable & (minor >= 0) & (minor <= MAX_AMOUNT_MINOR)
    minor[~fits] = 0
    odd = np.flatnonzero(given & ~fits)
    refunds = _read_each(odd, raw, minor, exponents, where, rules, checks, tally)
    return pa.array(minor), refunds


def _exact_amounts(raw: pa.Array, exponents: Minor) -> tuple[Minor, Mask]:
    """Return minor units and where they could be read, from texts, integers or decimals."""
    try:
        fine = _exponents_left_out(raw).cast(_FINE)
    except pa.ArrowInvalid:
        texts = pc.replace_substring_regex(raw.cast(pa.string()), r"(\.[0-9]{1,4}?)0+$", r"\1")
        plain = pc.match_substring_regex(texts, _PLAIN)
        fine = pc.if_else(plain, texts, pa.scalar(None, pa.string())).cast(_FINE)
    units = pc.fill_null(pc.multiply(fine, _TO_UNITS), -1).cast(pa.int64(), safe=False)
    minor, residue = np.divmod(np.asarray(units), 10 ** (_DECIMALS - exponents))
    return minor, residue == 0


def _exponents_left_out(raw: pa.Array) -> pa.Array:
    """Return a column without its texts that have an exponent: Arrow crashes on a large one."""
    if not pa.types.is_string(raw.type):
        return raw
    found = pc.match_substring(raw, "e", ignore_case=True)
    return pc.if_else(found, pa.scalar(None, pa.string()), raw)


def _float_amounts(raw: pa.Array, exponents: Minor) -> tuple[Minor, Mask]:
    """Return minor units and where they could be read, from float64."""
    with np.errstate(over="ignore"):
        scaled = np.asarray(pc.fill_null(raw.cast(pa.float64()), np.nan)) * 10.0**exponents
    usable = np.abs(scaled) <= 2 * MAX_AMOUNT_MINOR
    scaled = np.where(usable, scaled, 0.0)
    whole = np.rint(scaled)
    near = np.abs(scaled - whole) <= _FLOAT_RESIDUE * np.spacing(np.maximum(np.abs(scaled), 1.0))
    return whole.astype(np.int64), usable & near


def _read_each(
    odd: npt.NDArray[np.int64],
    raw: pa.Array,
    minor: Minor,
    exponents: Minor,
    where: str,
    rules: AmountRules,
    checks: Checks,
    tally: Tally,
) -> Mask:
    """Read odd rows one by one into minor, round or refuse them; return the refunds left out."""
    refunds = np.zeros(len(raw), np.bool_)
    reasons: dict[int, tuple[str, str]] = {}
    texts = raw.take(pa.array(odd, pa.int64())).cast(pa.string()).to_pylist()
    rounded = 0
    for row, text in zip(odd.tolist(), texts, strict=True):
        exponent = int(exponents[row])
        amount = _decimal(text)
        units = None if amount is None else _minor_units(amount, exponent)
        if amount is not None and amount < 0 and rules.refunds_left_out:
            refunds[row] = True
        elif units is not None and units == int(units):
            minor[row] = int(units)
        elif units is not None and rules.rounded:
            minor[row] = int(units.to_integral_value(ROUND_HALF_UP))
            rounded += 1
        else:
            expected, step = _why(text, amount, units, exponent)
            sentence = row_sentence("bad_amount", where, expected, text, step)
            reasons[row] = ("bad_amount", sentence)
    checks.refuse_each(reasons)
    tally.add("amounts_rounded", rounded)
    return refunds


def _decimal(text: str) -> Decimal | None:
    """Return the number that a text is; None for another text, and where digits are lost."""
    if len(text) > _MAX_DIGITS or not _SIGNED.fullmatch(text) or _has_lost_digits(text):
        return None
    return Decimal(text)


def _has_lost_digits(text: str) -> bool:
    """Tell whether a number in scientific notation has fewer digits than its size asks for.

    >>> _has_lost_digits("1.23457E+11"), _has_lost_digits("1.2500e+01"), _has_lost_digits("1e+05")
    (True, False, False)
    """
    found = _SCIENTIFIC.fullmatch(text)
    if found is None:
        return False
    exponent = int(found[2])
    return exponent >= _SPREADSHEET_DIGITS and len(found[1] or "") < exponent


def _minor_units(amount: Decimal, exponent: int) -> Decimal | None:
    """Return an amount in minor units, not yet whole; None for one below zero or too large."""
    if amount < 0 or amount.adjusted() > _MAX_DIGITS:
        return None
    units = amount.scaleb(exponent, _EXACT) if amount else Decimal(0)
    return units if units.to_integral_value(ROUND_HALF_UP) <= MAX_AMOUNT_MINOR else None


def _why(
    text: str, amount: Decimal | None, units: Decimal | None, exponent: int
) -> tuple[str, str]:
    """Return what was expected of a refused amount, and the next step."""
    if _has_lost_digits(text):
        return "an amount with all its digits, not in scientific notation", (
            "export the column with two decimals"
        )
    if amount is None:
        return "a number of zero or more, as 12.34", (
            "give decimals in major units, without signs of currency or thousands"
        )
    if amount < 0:
        return "an amount of zero or more", "add --leave-out-refunds, or mend the row"
    if units is None:
        return largest_amount(exponent), "correct the amount or its currency"
    return smallest_unit(exponent), "correct it, or add --round-amounts"
