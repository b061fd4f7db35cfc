"""Seasons and drift: changes with the calendar, and over the period of a world."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np

from producer.world.population.arrays import Floats

_WEEKDAYS: Final = (0.92, 0.93, 0.96, 1.00, 1.18, 1.22, 0.85)
"""Payments from Monday to Sunday against the mean."""
_PAYDAYS: Final = frozenset({1, 2, 3, 25, 26, 27, 28})
_PAYDAY_RISE: Final = 1.12
_AMOUNT_RISE: Final = 0.06
"""Amounts rise so much from the first day to the last."""
_DECEMBER_AMOUNTS: Final = 1.15
_ONLINE_RISE: Final = 0.25
"""The share of online payments rises so much from the first day to the last."""


def date_of(start: datetime, day: int) -> datetime:
    """Return the midnight of a day, numbered from 0."""
    return start + timedelta(days=day)


def activity(start: datetime, days: int) -> Floats:
    """Return how much is paid on each day against the others, float64[days]."""
    return np.array([_one_day(date_of(start, day)) for day in range(days)])


def amount_level(date: datetime, progress: float) -> float:
    """Return by how much amounts are raised; progress goes from 0 to 1 over the period."""
    festive = _DECEMBER_AMOUNTS if date.month == 12 and date.day <= 24 else 1.0
    return festive * (1.0 + _AMOUNT_RISE * progress)


def online_level(date: datetime, progress: float) -> float:
    """Return by how much the share of online payments is raised."""
    festive = 1.1 if date.month == 11 and date.day >= 20 else 1.0
    return festive * (1.0 + _ONLINE_RISE * progress)


def _one_day(date: datetime) -> float:
    payday = _PAYDAY_RISE if date.day in _PAYDAYS else 1.0
    return _WEEKDAYS[date.weekday()] * payday * _season(date)


def _season(date: datetime) -> float:
    """December fills up to Christmas Eve and falls off behind it; January is quiet."""
    if date.month == 12:
        return 1.1 + 0.3 * date.day / 24 if date.day <= 24 else 0.85
    return {1: 0.88, 2: 0.92, 7: 1.04, 8: 1.03, 11: 1.06}.get(date.month, 1.0)
