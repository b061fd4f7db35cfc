"""Times on the wire: epoch milliseconds or RFC 3339, always read into epoch milliseconds."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from events.errors import EventError, refuse, show

EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01T00:00:00Z. What is before it is most often seconds taken for milliseconds."""
LATEST_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, for times that have no clock to be held against."""
MAX_AHEAD_MS: Final = 24 * 60 * 60 * 1000
"""How far a payment's time may lie after its record's, and a record's after the reader's clock."""

RFC3339_PATTERN: Final = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_RFC3339: Final = re.compile(RFC3339_PATTERN)
_INTEGER: Final = re.compile(r"[0-9]{1,20}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


def epoch_ms(value: int | str, field: str, latest_ms: int) -> int:
    """Return a wire time as epoch milliseconds, between EARLIEST_MS and `latest_ms`.

    Fractions finer than a millisecond are cut off, not rounded; a leap second (:60) is refused.
    EventError `bad_timestamp` names the field.

    >>> epoch_ms("2024-05-01T12:00:00.1239+02:00", "timestamp", LATEST_MS)
    1714557600123
    """
    time_ms = value if isinstance(value, int) else _parse_rfc3339(value, field)
    if EARLIEST_MS <= time_ms <= latest_ms:
        return time_ms
    raise _out_of_range(value, time_ms, field, latest_ms)


def latest_payment_ms(record_ms: int) -> int:
    """Return the latest event time of a payment whose record has this Kafka time.

    The judgement follows from the record alone, so a replay of the topic repeats it. A record time
    before EARLIEST_MS is no time (seconds, -1 for none): then only LATEST_MS bounds the payment.

    >>> latest_payment_ms(1_714_564_800_000) - 1_714_564_800_000 == MAX_AHEAD_MS
    True
    >>> latest_payment_ms(1_714_564_800) == latest_payment_ms(2**63 - 1) == LATEST_MS
    True
    """
    if record_ms < EARLIEST_MS:
        return LATEST_MS
    return min(record_ms + MAX_AHEAD_MS, LATEST_MS)


def is_record_time(record_ms: int, now_ms: int) -> bool:
    """Say whether a record can have come to Kafka at this time, by the clock of its reader.

    >>> is_record_time(1_714_564_800_000, now_ms=1_714_564_800_005)
    True
    >>> [is_record_time(odd, now_ms=1_714_564_800_005) for odd in (-1, 1_714_564_800, 2**42)]
    [False, False, False]
    """
    return EARLIEST_MS <= record_ms <= now_ms + MAX_AHEAD_MS


def are_record_times(record_ms: npt.NDArray[np.int64], now_ms: int) -> npt.NDArray[np.bool_]:
    """Say of each of some record times what `is_record_time` says of one."""
    return (record_ms >= EARLIEST_MS) & (record_ms <= now_ms + MAX_AHEAD_MS)


def is_milliseconds(value: int | str) -> bool:
    """Say whether a wire time stands there as milliseconds since 2000, in 12 digits or more.

    >>> [is_milliseconds(time) for time in (946_684_800_000, 1_714_564_800, "2024-05-01T12:00:00Z")]
    [True, False, False]
    """
    return isinstance(value, int) and value >= EARLIEST_MS


def format_ms(time_ms: int) -> str:
    """Return epoch milliseconds as RFC 3339 in UTC, for sentences and screens.

    >>> format_ms(1714564800123)
    '2024-05-01T12:00:00.123Z'
    """
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parse_rfc3339(text: str, field: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _unreadable(text, field)
    date, time, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{time}{zone.upper().replace('Z', '+00:00')}")
    except ValueError:
        raise _unreadable(text, field) from None
    millis = int(fraction[:3].ljust(3, "0")) if fraction else 0
    return (moment - _EPOCH) // _SECOND * 1000 + millis


def _unreadable(text: str, field: str) -> EventError:
    expected = "epoch milliseconds as an integer, or RFC 3339 with a zone (2024-05-01T12:00:00Z)"
    number = text.strip()
    if _INTEGER.fullmatch(number):
        step = "send the integer without quotes"
        if not EARLIEST_MS <= int(number) <= LATEST_MS:
            step = f"{_unit(int(number), LATEST_MS)}, and leave the quotes out"
    elif _RFC3339.fullmatch(f"{text}Z"):
        step = "add the zone: Z for UTC, or an offset such as +02:00"
    else:
        step = "send a date that exists, with its time and its offset from UTC"
    return refuse("bad_timestamp", f"`{field}`", expected, show(text), step)


def _out_of_range(value: int | str, time_ms: int, field: str, latest_ms: int) -> EventError:
    expected = f"a time from {format_ms(EARLIEST_MS)} to {format_ms(min(latest_ms, LATEST_MS))}"
    step = "set the clock of the source, or check its zone"
    if isinstance(value, int):
        step = _unit(value, latest_ms)
    got = format_ms(time_ms) if 0 <= time_ms <= LATEST_MS else show(value)
    return refuse("bad_timestamp", f"`{field}`", expected, got, step)


def _unit(number: int, latest_ms: int) -> str:
    """Return what to do about a number that is no time in milliseconds, or not in range."""
    for unit, time_ms in (
        ("seconds", number * 1000),
        ("microseconds", number // 1000),
        ("nanoseconds", number // 1_000_000),
    ):
        if EARLIEST_MS <= time_ms <= latest_ms:
            return f"send milliseconds, this looks like {unit}"
    return "set the clock of the source, or check its unit and zone"
