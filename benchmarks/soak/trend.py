"""Whether a series of measurements stays where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import theilslopes

LEAST = 3
"""Measurements that a trend takes."""
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Trend:
    """Trend of a figure over a run: its median, and the change over the run as a share.

    `change` is the slope of Theil and Sen, the median of the slopes of all pairs (Sen 1968, Journal
    of the American Statistical Association), times the length of the run, over the median; a spike
    hardly moves it. `low` and `high` bound it at 95 %.
    """

    median: float
    change: float
    low: float
    high: float

    def is_flat(self, within: float) -> bool:
        """Say whether the figure grows by less than the share `within`; falling is no leak."""
        return self.change < within


def trend(at_s: npt.ArrayLike, values: npt.ArrayLike) -> Trend:
    """Return the trend of values measured at seconds; ValueError for fewer than three.

    >>> round(trend([0, 1, 2, 3], [10, 11, 12, 13]).change, 3)
    0.261
    """
    at, found = np.asarray(at_s, np.float64), np.asarray(values, np.float64)
    if len(found) < LEAST:
        raise ValueError(f"expected {LEAST} measurements at least, got {len(found)}; run longer")
    slope, _, low, high = theilslopes(found, at, alpha=_CONFIDENCE)
    median = float(np.median(found))
    scale = float(np.ptp(at)) / median if median else 0.0
    return Trend(median, *(float(each * scale) for each in (slope, low, high)))
