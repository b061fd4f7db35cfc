"""Times in RFC 3339, as `events.timestamps.epoch_ms` reads them: 2024-05-01T12:00:00.123+02:00."""

from typing import Final

from features.kernels.compiled import helper
from features.plain.bits import load_8
from features.plain.numbers import is_digit
from features.plain.texts import NOT_PLAIN

_SHORTEST: Final = len("2024-05-01T12:00:00Z")
_WITH_OFFSET: Final = len("+02:00")
_ZERO: Final = ord("0")
_DASH: Final = ord("-")
_PLUS: Final = ord("+")
_COLON: Final = ord(":")
_POINT: Final = ord(".")
_T: Final = ord("T")
_Z: Final = ord("Z")
_NO_NUMBER: Final = -1_000_000
"""Less than any sum of numbers can lift above 0."""

_MARCH_0000: Final = -719_468
"""The day 0000-03-01, counted from 1970-01-01: years of March have the leap day at their end."""


@helper
def rfc3339_ms(memory: bytes, at: int, size: int) -> int:
    """Return the epoch milliseconds of a text, NOT_PLAIN where it is not in the usual form.

    Usual are capital T and Z, or an offset in hours and minutes, and any fraction.
    """
    end = at + size
    if size < _SHORTEST or not _has_marks(memory, at):
        return NOT_PLAIN
    day = _day(
        100 * _two(memory, at) + _two(memory, at + 2), _two(memory, at + 5), _two(memory, at + 8)
    )
    seconds = _clock(_two(memory, at + 11), _two(memory, at + 14), _two(memory, at + 17))
    millis, place = _millis(memory, at + 19, end)
    offset_s = _offset_s(memory, place, end)
    if day < 0 or seconds < 0 or millis < 0 or offset_s == _NO_NUMBER:
        return NOT_PLAIN
    return (86_400 * day + seconds - offset_s) * 1_000 + millis


@helper
def _has_marks(memory: bytes, at: int) -> bool:
    return (
        load_8(memory, at + 4) == _DASH
        and load_8(memory, at + 7) == _DASH
        and load_8(memory, at + 10) == _T
        and load_8(memory, at + 13) == _COLON
        and load_8(memory, at + 16) == _COLON
    )


@helper
def _two(memory: bytes, at: int) -> int:
    """Return the number of two digits, _NO_NUMBER where these are none."""
    if is_digit(memory, at, at + 1) and is_digit(memory, at + 1, at + 2):
        return 10 * (load_8(memory, at) - _ZERO) + (load_8(memory, at + 1) - _ZERO)
    return _NO_NUMBER


@helper
def _day(year: int, month: int, day: int) -> int:
    """Return a date's day since 1970-01-01, below 0 where there is no such date since then."""
    if not 1 <= month <= 12 or not 1 <= day <= _days_of(year, month):
        return NOT_PLAIN
    march_year, march_month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    leap_days = march_year // 4 - march_year // 100 + march_year // 400
    return 365 * march_year + leap_days + (153 * march_month + 2) // 5 + day - 1 + _MARCH_0000


@helper
def _days_of(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@helper
def _clock(hour: int, minute: int, second: int) -> int:
    """Return the seconds since midnight, below 0 where no clock shows so."""
    if 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60:
        return 3_600 * hour + 60 * minute + second
    return NOT_PLAIN


@helper
def _millis(memory: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the milliseconds of a fraction, and the place behind; finer digits are cut off."""
    if load_8(memory, at) != _POINT:
        return 0, at
    millis, unit, place = 0, 100, at + 1
    while is_digit(memory, place, end):
        millis += unit * (load_8(memory, place) - _ZERO)
        unit //= 10
        place += 1
    return (millis if place > at + 1 else NOT_PLAIN), place


@helper
def _offset_s(memory: bytes, at: int, end: int) -> int:
    """Return by how many seconds the zone at the end is ahead of UTC, else _NO_NUMBER."""
    if end - at == 1 and load_8(memory, at) == _Z:
        return 0
    if end - at != _WITH_OFFSET or load_8(memory, at + 3) != _COLON:
        return _NO_NUMBER
    seconds = _clock(_two(memory, at + 1), _two(memory, at + 4), 0)
    if seconds < 0 or (load_8(memory, at) != _PLUS and load_8(memory, at) != _DASH):
        return _NO_NUMBER
    return seconds if load_8(memory, at) == _PLUS else -seconds
