"""Rates from the times at which things happened."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

SLICES = 10


def slice_rates(times_ms: Sequence[int], slices: int = SLICES) -> list[float]:
    """Cut rising times (epoch ms) into slices of equal count; return each one's events a second.

    >>> slice_rates(range(0, 2001, 2), slices=2)
    [500.0, 500.0]

    ValueError where there are fewer events than slices.
    """
    if len(times_ms) <= slices:
        raise ValueError(f"expected more than {slices} events, got {len(times_ms)}")
    edges = [round(number * (len(times_ms) - 1) / slices) for number in range(slices + 1)]
    return [
        1000.0 * (end - start) / max(1, times_ms[end] - times_ms[start])
        for start, end in pairwise(edges)
    ]


def median_rate(times_ms: Sequence[int]) -> float:
    """Return the median of the rates of ten slices, events a second."""
    return statistics.median(slice_rates(times_ms))


def events_between(times_ms: Sequence[int], start_ms: int, end_ms: int) -> int:
    """Return how many rising times lie behind `start_ms`, up to and with `end_ms`.

    Whole batches, where the events of a batch share a time: what was done between two of them.

    >>> events_between([1, 1, 5, 5, 5, 9, 9], 1, 9)
    5
    """
    return bisect_right(times_ms, end_ms) - bisect_right(times_ms, start_ms)
