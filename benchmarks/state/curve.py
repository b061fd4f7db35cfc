"""Rates along a run: while the number of known cards grows, and in the steady phase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from harness.rates import SLICES, median_rate

POINTS: Final = (10_000, 100_000, 1_000_000, 10_000_000)
_TAIL: Final = 0.05
"""Share of a phase that is left out at its ends, where its payments mix with the next one's."""

Times = npt.NDArray[np.int64]
"""Times of decisions, epoch ms."""

CpuBetween = Callable[[float, float], dict[str, float]]
"""CPU seconds by group of processes between two times, epoch ms."""


@dataclass(frozen=True)
class Rate:
    """A stretch of a run. `known_cards` at its end; CPU in us for a payment."""

    known_cards: int
    payments: int
    tx_per_s: float
    cpu_us_per_payment: dict[str, float]


def stretches(cards: int) -> list[tuple[int, int]]:
    """Return the stretches of a fill: known cards before and after, the later half before a point.

    >>> stretches(100_000)
    [(5000, 10000), (50000, 100000)]
    >>> stretches(30_000)
    [(5000, 10000), (15000, 30000)]
    """
    ends = [point for point in POINTS if point < cards] + [cards]
    return [(end // 2, end) for end in ends if end // 2 > SLICES]


def fill_rates(new_ms: Times, all_ms: Times, cpu: CpuBetween) -> list[Rate]:
    """Return a rate for each stretch, of all decisions in its time.

    `new_ms` has the time of each new card's decision, `all_ms` those of every decision: Kafka's
    consumer takes a partition's payments by the thousand, so the next phase's mix with them.
    """
    new_ms, all_ms = np.sort(new_ms), np.sort(all_ms)
    cut = round(_TAIL * len(new_ms))
    found = []
    for start, end in stretches(len(new_ms)):
        last_ms = new_ms[min(end, len(new_ms) - cut) - 1]
        first, behind = np.searchsorted(all_ms, [new_ms[start], last_ms + 1])
        found.append(rate(all_ms[first:behind], end, cpu))
    return found


def last_of(all_ms: Times, count: int) -> Times:
    """Return the times of the last decisions, sorted: the steady phase, when nothing else waits."""
    return np.sort(all_ms)[-count:]


def steady_rate(steady_ms: Times, known_cards: int, cpu: CpuBetween) -> Rate:
    """Return the rate of sorted times, their ends left out."""
    cut = round(_TAIL * len(steady_ms))
    return rate(steady_ms[cut : len(steady_ms) - cut], known_cards, cpu)


def rate(times_ms: Times, known_cards: int, cpu: CpuBetween) -> Rate:
    """Return the median rate of ten slices of sorted times, and the CPU between their ends."""
    used_s = cpu(float(times_ms[0]), float(times_ms[-1]))
    between = len(times_ms) - 1
    return Rate(
        known_cards=known_cards,
        payments=len(times_ms),
        tx_per_s=round(median_rate(times_ms.tolist()), 1),
        cpu_us_per_payment={name: round(1e6 * s / between, 1) for name, s in used_s.items()},
    )
