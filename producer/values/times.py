"""Times of a file as epoch milliseconds: calendar times of a zone, or numbers of a unit."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from events.timestamps import EARLIEST_MS, LATEST_MS, format_ms
from producer.values.checks import Checks, Mask, floats, true
from producer.values.rejects import cell, row_sentence
from producer.values.spelling import SCIENTIFIC, WHOLE_FLOAT
from producer.values.tally import Tally
from producer.values.time_hints import hint
from producer.values.time_spellings import DateOrder, calendar_ms
from producer.values.zones import to_utc

TimestampUnit = Literal["iso", "d", "h", "s", "ms", "us", "ns"]

_MS: Final = {"d": 86_400_000, "h": 3_600_000, "s": 1000, "ms": 1}
_PER_MS: Final = {"us": 1000, "ns": 1_000_000}
_ROUNDING_MS: Final = 5e-4
"""What float64 may lose of a time in seconds."""
_OFFSET: Final = r"[Tt ][0-9:.,]+ ?(?:[Zz]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)$"
"""The end of a date and time that says how far it is from UTC."""


@dataclass(frozen=True, slots=True)
class TimeRules:
    """Rules for times: a unit, the start of numbers, the zone and order of calendar times.

    A date and time without an offset is one of zone, of UTC where that is None. date_order says
    which number of 03/04/2024 is the day; without it such dates are refused.
    """

    unit: TimestampUnit = "iso"
    start_ms: int = 0
    zone: str | None = None
    date_order: DateOrder | None = None


def time_column(
    raw: pa.Array, rules: TimeRules, where: str, checks: Checks, tally: Tally
) -> pa.Array:
    """Return epoch milliseconds, int64[n]; fractions below a millisecond are cut off."""
    given = true(raw.is_valid())
    checks.refuse(~given, "missing_field", where, "a time", raw, "fill the column")
    if rules.unit == "iso" or pa.types.is_timestamp(raw.type):
        times = _calendar_times(raw, rules, tally)
    else:
        times = pc.add(_counted_times(raw, rules.unit), rules.start_ms)
    within = pc.and_(pc.greater_equal(times, EARLIEST_MS), pc.less_equal(times, LATEST_MS))
    bad = np.flatnonzero(given & ~true(within) & checks.good).tolist()
    checks.refuse_each({row: _why(cell(raw, row), times[row].as_py(), rules, where) for row in bad})
    return times


def _why(value: object, time_ms: int | None, rules: TimeRules, where: str) -> tuple[str, str]:
    """Return the code and the sentence for a time that cannot be read or is out of range."""
    if time_ms is not None:
        expected = f"a time from {format_ms(EARLIEST_MS)} to {format_ms(LATEST_MS)}"
    elif rules.unit == "iso":
        expected = "a date and time as in 2018-04-01T12:00:00Z"
    else:
        expected = f"a number ({rules.unit}); --timestamp-unit names the unit"
    step = hint(value, rules.unit, rules.start_ms) or "check the column and its unit"
    return "bad_timestamp", row_sentence("bad_timestamp", where, expected, value, step)


def _counted_times(raw: pa.Array, unit: TimestampUnit) -> pa.Array:
    """Return numbers of a unit as milliseconds, int64[n], null where a value is not a number."""
    if pa.types.is_string(raw.type):
        scientific = pc.match_substring_regex(raw, SCIENTIFIC)
        raw = pc.if_else(scientific, pa.scalar(None, pa.string()), raw)
        raw = pc.replace_substring_regex(raw, WHOLE_FLOAT, r"\1")
    try:
        whole = raw.cast(pa.int64())
        if unit in _PER_MS:
            return pc.divide(whole, _PER_MS[unit])
        return pc.multiply_checked(whole, _MS[unit])
    except pa.ArrowInvalid:
        ms = _MS[unit] if unit in _MS else 1 / _PER_MS[unit]
        counted = pc.floor(pc.add(pc.multiply(floats(raw), ms), _ROUNDING_MS))
        usable = pc.less(pc.abs(counted), float(LATEST_MS))
        return pc.if_else(usable, counted, pa.scalar(None, pa.float64())).cast(pa.int64())


def _calendar_times(raw: pa.Array, rules: TimeRules, tally: Tally) -> pa.Array:
    """Return epoch milliseconds, int64[n], null where a value is not a date and time."""
    if pa.types.is_timestamp(raw.type):
        times, local = _floor_ms(raw), true(raw.is_valid()) & (raw.type.tz is None)
    else:
        texts = raw.cast(pa.string())
        local = ~true(pc.match_substring_regex(texts, _OFFSET))
        times = _parsed(texts, local, rules)
    values = np.asarray(times.fill_null(0))
    known = local & true(times.is_valid())
    if rules.zone is None:
        tally.add("no_offset", int(known.sum()))
        return times
    moved, twice, skipped = to_utc(values[known], rules.zone)
    tally.add("hour_comes_twice", twice)
    tally.add("hour_is_skipped", skipped)
    values = values.copy()
    values[known] = moved
    return pa.array(values, mask=~true(times.is_valid()))


def _parsed(texts: pa.Array, local: Mask, rules: TimeRules) -> pa.Array:
    """Return texts as milliseconds: those in local in their own zone, the others in UTC."""
    out = np.zeros(len(texts), np.int64)
    good = np.zeros(len(texts), np.bool_)
    for kind, mask in ((pa.timestamp("ns"), local), (pa.timestamp("ns", "UTC"), ~local)):
        places = np.flatnonzero(mask & true(texts.is_valid()))
        if places.size:
            some = texts.take(pa.array(places))
            try:
                found = _floor_ms(some.cast(kind))
            except pa.ArrowInvalid:
                found = _one_by_one(some, rules.date_order)
            out[places] = np.asarray(found.fill_null(0))
            good[places] = true(found.is_valid())
    return pa.array(out, mask=~good)


def _floor_ms(times: pa.Array) -> pa.Array:
    return times.cast(pa.timestamp("ms", times.type.tz), safe=False).cast(pa.int64())


def _one_by_one(texts: pa.Array, order: DateOrder | None) -> pa.Array:
    """Read each distinct text by itself, for a batch that holds odd ones."""
    coded = pc.dictionary_encode(texts)
    found = [calendar_ms(text, order) for text in coded.dictionary.to_pylist()]
    return pa.array(found, pa.int64()).take(coded.indices)
