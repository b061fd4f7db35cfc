"""Local times of a zone as UTC, with the hours that come twice and those that are skipped."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from events.zones import zone_rules

Times = npt.NDArray[np.int64]

_MINUTE_MS = 60_000
"""Clocks of every zone have changed at whole minutes since 2000."""
_QUARTER = 15
"""Nearly all changes are at whole quarters; Newfoundland's were at 00:01 until 2011."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a local time: the zone comes with the offset
_LEAST_MINUTE, _MOST_MINUTE = -1_020_000_000, 4_200_000_000
"""The years 31 to 9955, which datetime can hold; what lies beyond is refused anyway."""


class UtcTimes(NamedTuple):
    """Times in UTC, and how many lie in an hour that comes twice, or that is skipped."""

    times_ms: Times
    twice: int
    skipped: int


def to_utc(local_ms: Times, zone: str) -> UtcTimes:
    """Return local milliseconds, int64[n], as epoch milliseconds.

    Of an hour that comes twice the first is taken. A time that is skipped gets the offset from
    before the change.

    >>> half_past_two = 1_729_996_200_000  # of 2024-10-27
    >>> times_ms, twice, skipped = to_utc(np.array([half_past_two]), "Europe/Berlin")
    >>> (half_past_two - int(times_ms[0])) / 3_600_000, twice, skipped
    (2.0, 1, 0)
    """
    rules = zone_rules(zone)
    minutes = np.clip(local_ms // _MINUTE_MS, _LEAST_MINUTE, _MOST_MINUTE)
    alike, places, counts = np.unique(
        _alike(minutes, rules), return_inverse=True, return_counts=True
    )
    zoned = [_offsets(minute, rules) for minute in alike.tolist()]
    first = np.array([before for before, _ in zoned], np.int64).reshape(-1)
    second = np.array([after for _, after in zoned], np.int64).reshape(-1)
    return UtcTimes(
        local_ms - first[places],
        int(counts[first > second].sum()),
        int(counts[first < second].sum()),
    )


def _alike(minutes: Times, rules: ZoneInfo) -> Times:
    """Return for each local minute one with the same offsets: mostly the first of its quarter."""
    quarters, places = np.unique(minutes // _QUARTER * _QUARTER, return_inverse=True)
    mixed = [
        _offsets(quarter, rules) != _offsets(quarter + _QUARTER - 1, rules)
        for quarter in quarters.tolist()
    ]
    return np.where(np.array(mixed, np.bool_)[places], minutes, quarters[places])


def _offsets(minute: int, rules: ZoneInfo) -> tuple[int, int]:
    """Return a local minute's offset in ms with the clock before and after a change."""
    local = _EPOCH + timedelta(minutes=minute)
    before, after = (
        local.replace(tzinfo=rules, fold=fold).utcoffset() or timedelta() for fold in (0, 1)
    )
    return before // timedelta(milliseconds=1), after // timedelta(milliseconds=1)
