"""Columns of a file to columns of payments: whole columns at once, and the rows that do not fit.

What a column may hold is what events lets a payment hold; the limits come from there.
"""

from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.errors import EventError
from events.money import EXPONENTS, MAX_AMOUNT_MINOR, parse_amount
from events.timestamps import EARLIEST_MS, LATEST_MS
from events.transaction import MAX_FLOAT32
from events.wire import MAX_TEXT
from producer.layouts import TimestampUnit
from producer.rejects import cell, row_sentence

Mask = npt.NDArray[np.bool_]

_CONTROL: Final = r"[\x00-\x1f\x{7f}-\x{9f}]"
_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_DECIMALS: Final = 4
_FLOAT_RESIDUE: Final = 64
"""A float amount may be this many units in the last place away from whole minor units."""
_PER_S: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_ROUNDING_MS: Final = 5e-4
"""What float64 may lose of a time in seconds."""
_TRUE_FALSE: Final = {"0": False, "1": True, "false": False, "true": True}


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


def text_column(raw: pa.Array, where: str, needed: bool, checks: Checks) -> pa.Array:
    """Return string[n]; an empty text is null. Refuses what is too long or holds controls."""
    texts = raw.cast(pa.string())
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    if needed:
        step = "fill the column, or map another"
        checks.refuse(_true(texts.is_null()), "missing_field", where, "a text", raw, step)
    bad = pc.or_(
        pc.greater(pc.utf8_length(texts), MAX_TEXT), pc.match_substring_regex(texts, _CONTROL)
    )
    expected = f"at most {MAX_TEXT} printable characters"
    checks.refuse(_true(bad), "bad_identifier", where, expected, raw, "shorten or clean the text")
    return texts


def number_column(
    raw: pa.Array, where: str, limits: tuple[float, float], code: str, checks: Checks
) -> pa.Array:
    """Return float64[n] within limits; empty and NaN are null."""
    numbers = _floats(raw)
    unreadable = _true(pc.and_(numbers.is_null(), _given(raw)))
    checks.refuse(unreadable, "wrong_type", where, "a number", raw, "map a column of numbers")
    numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    low, high = limits
    beyond = _true(pc.or_(pc.less(numbers, low), pc.greater(numbers, high)))
    checks.refuse(beyond, code, where, f"{low:g} to {high:g}", raw, "correct the value")
    return numbers


def attribute_column(raw: pa.Array, where: str, checks: Checks) -> pa.Array:
    """Return float64[n] within the range of float32; empty and NaN are null."""
    return number_column(raw, where, (-MAX_FLOAT32, MAX_FLOAT32), "bad_attributes", checks)


def flag_column(raw: pa.Array, where: str, checks: Checks) -> pa.Array:
    """Return bool[n] from true and false, 1 and 0 in any type; empty is null (not known)."""
    texts = pc.utf8_lower(pc.cast(raw, pa.string()))
    texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    coded = pc.dictionary_encode(texts)
    known = pa.array([_TRUE_FALSE.get(text or "") for text in coded.dictionary.to_pylist()])
    flags = known.cast(pa.bool_()).take(coded.indices)
    bad = _true(pc.and_(flags.is_null(), _given(raw)))
    checks.refuse(bad, "wrong_type", where, "0 or 1, true or false", raw, "map another column")
    return flags


def currency_column(texts: pa.Array, where: str, checks: Checks) -> npt.NDArray[np.int64]:
    """Return the decimals of each row's currency, int64[n]; refuses what ISO 4217 lacks."""
    coded = pc.dictionary_encode(texts)
    exponents = [EXPONENTS.get(text) for text in coded.dictionary.to_pylist()]
    column = pa.array(exponents, pa.int64()).take(coded.indices)
    expected = "an ISO 4217 code such as EUR"
    bad = _true(column.is_null())
    checks.refuse(bad, "bad_currency", where, expected, texts, "give the code in capitals")
    return np.asarray(column.fill_null(2))


def amount_column(
    raw: pa.Array, exponents: npt.NDArray[np.int64], where: str, checks: Checks
) -> pa.Array:
    """Return minor units, int64[n], from decimals in major units.

    Texts and decimals are read exactly. A float is taken for the decimal next to it.
    """
    step = "give decimals in major units, without signs of currency or thousands"
    missing = ~_true(_given(raw))
    checks.refuse(missing, "missing_field", where, "an amount", raw, "fill the column")
    exact = not pa.types.is_floating(raw.type)
    minor, readable = (_exact_amounts if exact else _float_amounts)(raw, exponents)
    bad = ~readable | (minor < 0) | (minor > MAX_AMOUNT_MINOR)
    checks.refuse(bad, "bad_amount", where, "whole minor units, 0 or more", raw, step)
    return pa.array(np.where(bad, 0, minor))


def time_column(
    raw: pa.Array, unit: TimestampUnit, start_ms: int, where: str, checks: Checks
) -> pa.Array:
    """Return epoch milliseconds, int64[n]. A date and time without an offset is UTC.

    Numbers in the unit count from start_ms; fractions below a millisecond are cut off.
    """
    missing = ~_true(_given(raw))
    checks.refuse(missing, "missing_field", where, "a time", raw, "fill the column")
    if unit == "iso" or pa.types.is_timestamp(raw.type):
        times, expected = _calendar_times(raw), "a date and time as in 2018-04-01T12:00:00Z"
    else:
        times = pc.add(_counted_times(raw, unit), start_ms)
        expected = f"a number ({unit}); --timestamp-unit names the unit"
    step = "check the column and its unit"
    checks.refuse(_true(times.is_null()), "bad_timestamp", where, expected, raw, step)
    beyond = _true(pc.or_(pc.less(times, EARLIEST_MS), pc.greater(times, LATEST_MS)))
    checks.refuse(beyond, "bad_timestamp", where, "a time from the year 2000 on", raw, step)
    return times


def _true(mask: pa.Array) -> Mask:
    """Return a mask as bool[n], null as false."""
    filled: Mask = np.asarray(pc.fill_null(mask, False))
    return filled


def _given(raw: pa.Array) -> pa.Array:
    """Tell where a value is neither null nor an empty text, bool[n]."""
    if pa.types.is_string(raw.type):
        return pc.fill_null(pc.not_equal(raw, ""), False)
    return raw.is_valid()


def _floats(raw: pa.Array) -> pa.Array:
    """Return float64[n], null where a value is not a number."""
    if not pa.types.is_string(raw.type):
        return raw.cast(pa.float64(), safe=False)
    numeric = pc.match_substring_regex(raw, _NUMBER)
    return pc.if_else(numeric, raw, pa.scalar(None, pa.string())).cast(pa.float64())


def _exact_amounts(
    raw: pa.Array, exponents: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return minor units and where they could be read, from texts, integers or decimals."""
    try:
        fine = raw.cast(pa.decimal128(30, _DECIMALS))
        units = pc.multiply(fine, 10**_DECIMALS).cast(pa.int64())
    except pa.ArrowInvalid:
        return _each_amount(raw, exponents)
    scale = 10 ** (_DECIMALS - exponents)
    minor, residue = np.divmod(np.asarray(units.fill_null(1)), scale)
    return minor, residue == 0


def _each_amount(
    raw: pa.Array, exponents: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Mask]:
    """Read amounts one by one with the parser of events, for a batch that holds an odd one."""
    minor = np.full(len(raw), -1, np.int64)
    for row, text in enumerate(raw.cast(pa.string()).to_pylist()):
        try:
            minor[row] = parse_amount((text or '""').encode(), int(exponents[row]))
        except EventError:
            continue
    return minor, minor >= 0


def _float_amounts(
    raw: pa.Array, exponents: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return minor units and where they could be read, from floats."""
    scaled = np.asarray(pc.fill_null(raw.cast(pa.float64()), np.nan)) * 10.0**exponents
    usable = np.abs(scaled) <= 2 * MAX_AMOUNT_MINOR
    scaled = np.where(usable, scaled, 0.0)
    whole = np.rint(scaled)
    near = np.abs(scaled - whole) <= _FLOAT_RESIDUE * np.spacing(np.maximum(np.abs(scaled), 1.0))
    return whole.astype(np.int64), usable & near


def _counted_times(raw: pa.Array, unit: TimestampUnit) -> pa.Array:
    """Return numbers of a unit as milliseconds, int64[n], null where a value is not a number."""
    per_s = _PER_S[unit]
    try:
        whole = raw.cast(pa.int64())
        return pc.multiply_checked(whole, 1000) if per_s == 1 else pc.divide(whole, per_s // 1000)
    except pa.ArrowInvalid:
        counted = pc.floor(pc.add(pc.multiply(_floats(raw), 1000 / per_s), _ROUNDING_MS))
        usable = pc.less(pc.abs(counted), float(LATEST_MS))
        return pc.if_else(usable, counted, pa.scalar(None, pa.float64())).cast(pa.int64())


def _calendar_times(raw: pa.Array) -> pa.Array:
    """Return epoch milliseconds, int64[n], null where a value is not a date and time."""
    if not pa.types.is_string(raw.type):
        return _floor_ms(raw)
    for kind in (pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            return _floor_ms(raw.cast(kind))
        except pa.ArrowInvalid:
            continue
    return pa.array([_calendar_time(text) for text in raw.to_pylist()], pa.int64())


def _floor_ms(times: pa.Array) -> pa.Array:
    zone = times.type.tz
    return times.cast(pa.timestamp("ms", zone), safe=False).cast(pa.int64())


def _calendar_time(text: str | None) -> int | None:
    """Read one date and time; None where it is not one."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
