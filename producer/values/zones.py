"""Local times of a zone as UTC, with the hours that come twice and those that are skipped."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]

_SLOT_MS = 15 * 60 * 1000
"""Clocks of every zone have changed at whole quarters of an hour since 2000."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a local time: the zone comes with the offset
_LEAST_SLOT, _MOST_SLOT = -68_000_000, 280_000_000
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
    slots, places, counts = np.unique(local_ms // _SLOT_MS, return_inverse=True, return_counts=True)
    zoned = [
        _offsets(int(slot), ZoneInfo(zone)) for slot in np.clip(slots, _LEAST_SLOT, _MOST_SLOT)
    ]
    first = np.array([before for before, _ in zoned], np.int64).reshape(-1)
    second = np.array([after for _, after in zoned], np.int64).reshape(-1)
    return UtcTimes(
        local_ms - first[places],
        int(counts[first > second].sum()),
        int(counts[first < second].sum()),
    )


def _offsets(slot: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return a local quarter's offset in ms with the clock before and after a change."""
    local = _EPOCH + slot * timedelta(milliseconds=_SLOT_MS)
    before, after = (
        local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1)
    )
    return before // timedelta(milliseconds=1), after // timedelta(milliseconds=1)
