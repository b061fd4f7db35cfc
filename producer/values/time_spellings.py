"""Dates and times as people and programs write them, one by one."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

DateOrder = Literal["day-first", "month-first"]

_YEAR, _MONTH, _DAY = "(?P<year>[0-9]{4})", "(?P<month>[0-9]{1,2})", "(?P<day>[0-9]{1,2})"
_DATES: Final = (
    re.compile(rf"{_YEAR}(?P<mark>[-/.]){_MONTH}(?P=mark){_DAY}"),
    re.compile(r"(?P<year>[12][0-9]{3})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
    re.compile(rf"{_DAY}\.{_MONTH}\.{_YEAR}"),
)
_ORDERED: Final = {
    "day-first": re.compile(rf"{_DAY}(?P<mark>[-/]){_MONTH}(?P=mark){_YEAR}"),
    "month-first": re.compile(rf"{_MONTH}(?P<mark>[-/]){_DAY}(?P=mark){_YEAR}"),
}
_CLOCK: Final = re.compile(
    r"(?:[Tt]| {1,2}|, )(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
    r" ?(?:(?P<utc>[Zz]|UTC)|(?P<sign>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?)?"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_NOON: Final = 12


def calendar_ms(text: str | None, order: DateOrder | None) -> int | None:
    """Return a date and time as milliseconds, None for another text.

    The milliseconds are those of its own clock, or of UTC where it has an offset. Dates with dots
    are day-first; order says it for dates such as 03/04/2024, which are refused without it.

    >>> calendar_ms("1.4.2018 2:00", None) == calendar_ms("04/01/2018 2:00 AM", "month-first")
    True
    >>> calendar_ms("04/01/2018", None)
    """
    dates = (*_DATES, _ORDERED[order]) if order else _DATES
    for pattern in dates:
        if date := pattern.match(text or ""):
            break
    else:
        return None
    clock = _CLOCK.fullmatch(text or "", date.end())
    if clock is None and date.end() < len(text or ""):
        return None
    try:
        day = datetime(int(date["year"]), int(date["month"]), int(date["day"]), tzinfo=UTC)
        return (day + (_since_midnight(clock) if clock else timedelta()) - _EPOCH) // _MS
    except ValueError:
        return None


def _since_midnight(clock: re.Match[str]) -> timedelta:
    """Return a time of day less its offset; ValueError for one that no clock shows."""
    hour, minute, second = int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0)
    if clock["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError(hour)
        hour = hour % _NOON + (_NOON if clock["half"] in "Pp" else 0)
    datetime(2000, 1, 1, hour, minute, second, tzinfo=UTC)
    offset = timedelta(hours=int(clock["hours"] or 0), minutes=int(clock["minutes"] or 0))
    millis = int((clock["fraction"] or "0")[:3].ljust(3, "0"))
    of_day = timedelta(hours=hour, minutes=minute, seconds=second, milliseconds=millis)
    return of_day - offset if clock["sign"] == "+" else of_day + offset
