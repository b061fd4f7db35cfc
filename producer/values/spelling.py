"""One spelling for a text or an id, however a spreadsheet or a data frame has spelt it."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from producer.values.checks import Checks, Mask, true

SCIENTIFIC: Final = r"^[+-]?[0-9](?:[.,][0-9]+[eE]\+?|[eE]\+)[0-9]{1,3}$"
"""A number as programs write it in scientific notation; 12e4 may be a hexadecimal id."""

WHOLE_FLOAT: Final = r"^([+-]?[0-9]+)[.,]0{1,2}$"
"""A whole number as a float; three zeros may be those of 1.000, a thousand."""

_WRAPPED: Final = r"""^(?:="(.*)"|'(.*)')$"""
_MARKED: Final = r"^'([0-9])"
_MAY_BE_ODD: Final = (".", ",", "'", "=", "+")
_EXACT_DIGITS: Final = 15
_FLOAT64_WHOLE: Final = 2**53
_FLOAT32_WHOLE: Final = 2**24
_AS_TEXT: Final = "export the column as text, or as integers"


def spell(raw: pa.Array, where: str, checks: Checks) -> pa.Array:
    """Return string[n]: whole floats as integers, a spreadsheet's marks of text taken off.

    Refuses numbers in scientific notation and floats too large to hold every digit: their last
    digits are gone, and another id would be made of them.
    """
    if pa.types.is_floating(raw.type):
        return _from_floats(raw, where, checks)
    if pa.types.is_decimal(raw.type):
        return _from_decimals(raw, where, checks)
    texts = raw.cast(pa.string())
    if not any(pc.any(pc.match_substring(texts, mark)).as_py() for mark in _MAY_BE_ODD):
        return texts
    texts = pc.replace_substring_regex(texts, _WRAPPED, r"\1\2")
    texts = pc.replace_substring_regex(texts, _MARKED, r"\1")
    lost = true(pc.match_substring_regex(texts, SCIENTIFIC))
    expected = "an id with all its digits, not in scientific notation"
    checks.refuse(lost, "bad_identifier", where, expected, raw, _AS_TEXT)
    return _without_fraction(texts, raw, where, checks)


def _without_fraction(texts: pa.Array, raw: pa.Array, where: str, checks: Checks) -> pa.Array:
    """Take `.0` or `,0` off the texts that are whole floats; refuse the ones that lack digits."""
    float_like = pc.match_substring_regex(texts, WHOLE_FLOAT)
    if not pc.any(float_like).as_py():
        return texts
    whole = pc.replace_substring_regex(texts, WHOLE_FLOAT, r"\1")
    long = pc.and_(float_like, pc.greater(pc.utf8_length(whole), _EXACT_DIGITS))
    odd = np.flatnonzero(true(long))
    if odd.size:
        lost = np.zeros(len(texts), np.bool_)
        lost[odd] = [abs(int(text)) >= _FLOAT64_WHOLE for text in whole.take(odd).to_pylist()]
        _refuse_lost(lost, where, raw, checks)
    return whole


def _from_floats(raw: pa.Array, where: str, checks: Checks) -> pa.Array:
    most = _FLOAT64_WHOLE if pa.types.is_float64(raw.type) else _FLOAT32_WHOLE
    values = np.asarray(pc.fill_null(raw.cast(pa.float64()), 0.0))
    lost = ~(np.abs(values) < most)
    _refuse_lost(lost, where, raw, checks)
    whole = np.where(lost, 0.0, np.floor(values))
    _refuse_fractions(~lost & (whole != values), where, raw, checks)
    texts = pa.array(whole.astype(np.int64)).cast(pa.string())
    return pc.if_else(raw.is_valid(), texts, pa.scalar(None, pa.string()))


def _from_decimals(raw: pa.Array, where: str, checks: Checks) -> pa.Array:
    whole = pc.floor(raw)
    _refuse_fractions(true(pc.not_equal(whole, raw)), where, raw, checks)
    return whole.cast(pa.decimal128(38, 0)).cast(pa.string())


def _refuse_lost(lost: Mask, where: str, raw: pa.Array, checks: Checks) -> None:
    expected = "an id with all its digits, not a float too large to hold them"
    checks.refuse(lost, "bad_identifier", where, expected, raw, _AS_TEXT)


def _refuse_fractions(bad: Mask, where: str, raw: pa.Array, checks: Checks) -> None:
    checks.refuse(bad, "bad_identifier", where, "a text or a whole number", raw, _AS_TEXT)
