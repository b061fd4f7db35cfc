"""Hints on a refused time: its likely form, and the option that would read it."""

import re
from typing import Final

from events.timestamps import EARLIEST_MS

_UNTIL_MS: Final = 4_102_444_800_000
"""2100-01-01T00:00:00Z: numbers beyond are of another unit."""
_UNITS: Final = {
    "s": ("seconds", 1000.0),
    "ms": ("milliseconds", 1.0),
    "us": ("microseconds", 1e-3),
    "ns": ("nanoseconds", 1e-6),
}
_SPREADSHEET_DAYS: Final = (36_526, 73_050)
"""The years 2000 to 2099 in days since 1899-12-30."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_NO_ORDER: Final = re.compile(r"[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{4}(?:[T ].*)?")
_SHORT_YEAR: Final = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}(?:[T ].*)?")


def hint(value: object, unit: str, start_ms: int) -> str | None:
    """Return the next step for a refused time; None where its form says nothing.

    >>> hint("1714557600000", "s", 0)
    'this looks like milliseconds: add --timestamp-unit ms'
    """
    text = str(value)
    if _SCIENTIFIC.fullmatch(text):
        return "scientific notation loses digits: export the column as whole numbers"
    if _NUMBER.fullmatch(text):
        return _number_hint(float(text), unit, start_ms)
    if _NO_ORDER.fullmatch(text):
        return "say which number is the day: add --date-order day-first or month-first"
    if _SHORT_YEAR.fullmatch(text):
        return "write years with four digits, as in 2018-04-01 12:00:00"
    return None


def _number_hint(number: float, unit: str, start_ms: int) -> str | None:
    if start_ms == 0:
        for other, (name, ms) in _UNITS.items():
            if other != unit and EARLIEST_MS <= number * ms < _UNTIL_MS:
                return f"this looks like {name}: add --timestamp-unit {other}"
    first, last = _SPREADSHEET_DAYS
    if first <= number <= last and unit != "d":
        return (
            "this looks like a spreadsheet's day number: export dates as 2018-04-01 12:00:00, or "
            "add --timestamp-unit d --timestamp-start 1899-12-30"
        )
    if start_ms == 0 and unit != "iso" and number >= 0:
        return "numbers count from 1970: add --timestamp-start where they count from another day"
    return None
