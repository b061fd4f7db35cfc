"""What a sentence is made from: a feature, its value, how it was in training, and plain words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.windows import CARD_WINDOWS_MS, DAY_MS, HOUR_MS, MINUTE_MS, window_name
from scoring.bundle.manifest import InputFeature

LONGEST_MS: Final = CARD_WINDOWS_MS[-1]
"""The window that a card's own normal is taken from."""

LONGEST: Final = window_name(LONGEST_MS)


class Values:
    """One payment's values by name, None where one is missing or not known here."""

    def __init__(self, row: npt.NDArray[np.float32], places: Mapping[str, int]) -> None:
        self._row = row
        self._places = places

    def get(self, name: str) -> float | None:
        """Return a value by its feature's name."""
        place = self._places.get(name)
        value = math.nan if place is None else self._row.item(place)
        return None if math.isnan(value) else value


class Phrase(NamedTuple):
    """What is normal, None where nothing is, and the sentence."""

    normal: float | None
    sentence: str


class Told(NamedTuple):
    """A declared feature that is present, how it was in training, and the payment's values."""

    feature: Feature
    value: float
    training: InputFeature
    values: Values


Speaker = Callable[[Told], Phrase | None]


def number(value: float) -> str:
    """Return a number with as many digits as are of use.

    >>> number(0.01289), number(4.0), number(12345.6)
    ('0.013', '4', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.2g}"


def span(window_ms: int) -> str:
    """Return a window in words.

    >>> span(600_000), span(86_400_000), span(14 * 86_400_000)
    ('10 minutes', '24 hours', '14 days')
    """
    if window_ms > DAY_MS:
        return f"{window_ms // DAY_MS} days"
    if window_ms >= HOUR_MS:
        return f"{window_ms // HOUR_MS} hour{'s' * (window_ms > HOUR_MS)}"
    return f"{window_ms // MINUTE_MS} minutes"


def duration(seconds: float) -> str:
    """Return a time in the largest unit that it fills.

    >>> duration(42.0), duration(5400.0), duration(200_000.0)
    ('42 s', '1.5 hours', '2.3 days')
    """
    for unit_ms, name in ((DAY_MS, "days"), (HOUR_MS, "hours"), (MINUTE_MS, "minutes")):
        if seconds * 1000 >= unit_ms:
            return f"{seconds * 1000 / unit_ms:.1f} {name}"
    return f"{seconds:.0f} s"
