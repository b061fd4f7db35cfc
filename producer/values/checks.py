"""Rows that do not fit, and the columns with few kinds of values: numbers, labels, currencies.

What a column may hold is what events lets a payment hold; the limits come from there.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.card_data.names import card_data_named, holds_named
from events.card_data.search import Code, card_data
from events.errors import refuse
from events.money import EXPONENTS
from events.transaction import MAX_FLOAT32
from producer.values.rejects import cell, row_sentence

Mask = npt.NDArray[np.bool_]

_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_LONG_NUMBER: Final = 1e11
"""A number of twelve digits, which the shortest card numbers have."""
_FOUND: Final = {
    "card_number": "a number that a card network issues, with a valid check digit",
    "card_data": "track data, a verification code or a PIN",
}
_STEPS: Final = {
    "card_number": "map the column to card_id or customer_id, which become tokens, or leave it out",
    "card_data": "leave the column out: such data may not be kept once a payment is authorised",
}
_TRUE_FALSE: Final = dict.fromkeys(("0", "false", "no", "n", "f"), False) | dict.fromkeys(
    ("1", "true", "yes", "y", "t"), True
)


class Checks:
    """Collects why rows of one batch are refused; the first reason of a row is the one kept."""

    def __init__(self, rows: int) -> None:
        self.good: Mask = np.ones(rows, np.bool_)
        self.reasons: dict[int, tuple[str, str]] = {}

    def refuse(
        self, bad: Mask, code: str, where: str, expected: str, raw: pa.Array, next_step: str
    ) -> None:
        """Refuse the rows where bad is true; raw holds the values to show."""
        for row in np.flatnonzero(bad & self.good).tolist():
            got = cell(raw, row)
            self.reasons[row] = (code, row_sentence(code, where, expected, got, next_step))
        self.good &= ~bad

    def refuse_each(self, reasons: dict[int, tuple[str, str]]) -> None:
        """Refuse rows with a code and a sentence of their own."""
        for row, reason in reasons.items():
            self.reasons.setdefault(row, reason)
            self.good[row] = False

    def refuse_coded(self, values: "Checks", codes: pa.Array) -> None:
        """Refuse the rows whose value was refused; codes, int[n], are the places of the values."""
        if values.reasons:
            bad = true(pa.array(~values.good).take(codes))
            rows = np.flatnonzero(bad & self.good).tolist()
            self.refuse_each({row: values.reasons[codes[row].as_py()] for row in rows})


def true(mask: pa.Array) -> Mask:
    """Return a mask as bool[n], null as false."""
    filled: Mask = np.asarray(pc.fill_null(mask, False))
    return filled


def number_column(
    raw: pa.Array, where: str, limits: tuple[float, float], code: str, checks: Checks
) -> pa.Array:
    """Return float64[n] within limits; null and NaN are null."""
    numbers = floats(raw)
    unreadable = true(pc.and_(numbers.is_null(), raw.is_valid()))
    checks.refuse(unreadable, "wrong_type", where, "a number", raw, "map a column of numbers")
    numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    low, high = limits
    beyond = true(pc.or_(pc.less(numbers, low), pc.greater(numbers, high)))
    checks.refuse(beyond, code, where, f"{low:g} to {high:g}", raw, "correct the value")
    return numbers


def attribute_column(raw: pa.Array, name: str, where: str, checks: Checks) -> pa.Array:
    """Return float64[n] within the range of float32; null and NaN are null.

    Refuses numbers that are card numbers, or codes and PINs by the attribute's name.
    """
    limits = (-MAX_FLOAT32, MAX_FLOAT32)
    numbers = number_column(raw, where, limits, "bad_attributes", checks)
    kind = card_data_named(name)
    suspect = np.abs(np.asarray(numbers.fill_null(0.0))) >= (_LONG_NUMBER if kind is None else 0)
    for row in np.flatnonzero(suspect & checks.good & true(numbers.is_valid())).tolist():
        text = msgspec.json.encode(numbers[row].as_py()).decode()
        if kind is not None and holds_named(kind, text, number=True):
            checks.refuse_each({row: card_data_refused("card_data", where)})
        elif card_data(text):
            checks.refuse_each({row: card_data_refused("card_number", where)})
    return numbers


def card_data_refused(code: Code, where: str) -> tuple[str, str]:
    """Return the code and the sentence for card data, which the sentence does not repeat."""
    expected = f"no {code.replace('_', ' ')}"
    return code, refuse(code, where, expected, _FOUND[code], _STEPS[code]).sentence


def flag_column(raw: pa.Array, where: str, checks: Checks) -> pa.Array:
    """Return bool[n] from true and false, yes and no, 1 and 0; null is null (not known)."""
    texts = pc.utf8_lower(pc.cast(raw, pa.string()))
    texts = pc.replace_substring_regex(texts, r"[.,]0+$", "")
    coded = pc.dictionary_encode(texts)
    known = pa.array([_TRUE_FALSE.get(text or "") for text in coded.dictionary.to_pylist()])
    flags = known.cast(pa.bool_()).take(coded.indices)
    bad = true(pc.and_(flags.is_null(), raw.is_valid()))
    expected = "0 or 1, true or false, yes or no"
    checks.refuse(bad, "wrong_type", where, expected, raw, "map another column")
    return flags


def currency_column(texts: pa.Array, where: str, checks: Checks) -> npt.NDArray[np.int64]:
    """Return the decimals of each row's currency, int64[n]; refuses what ISO 4217 lacks."""
    coded = pc.dictionary_encode(texts)
    exponents = [EXPONENTS.get(text) for text in coded.dictionary.to_pylist()]
    column = pa.array(exponents, pa.int64()).take(coded.indices)
    expected = "an ISO 4217 code in capitals such as EUR"
    step = "give the code of the currency that the amount is in"
    checks.refuse(true(column.is_null()), "bad_currency", where, expected, texts, step)
    return np.asarray(column.fill_null(2))


def known_column(
    texts: pa.Array, known: Iterable[str], code: str, where: str, expected: str, checks: Checks
) -> None:
    """Refuse the rows whose text is none of the known ones; null is right."""
    wrong = pc.invert(pc.is_in(texts, value_set=pa.array([*known, None], pa.string())))
    step = "correct the value, or leave the column out"
    checks.refuse(true(wrong), code, where, expected, texts, step)


def floats(raw: pa.Array) -> pa.Array:
    """Return float64[n], null where a value is not a number."""
    if not pa.types.is_string(raw.type):
        return raw.cast(pa.float64(), safe=False)
    try:
        return raw.cast(pa.float64())
    except pa.ArrowInvalid:
        numeric = pc.match_substring_regex(raw, _NUMBER)
        return pc.if_else(numeric, raw, pa.scalar(None, pa.string())).cast(pa.float64())
