"""Speed of this machine just now: a fixed loop, timed before and after each measurement.

Shared machines have fast and slow phases; two runs compare only where their loops do.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

_ROUNDS = 5
_STEPS = 600_000


def calibrate() -> float:
    """Return the milliseconds that a fixed loop of plain Python takes, the median of five."""
    return statistics.median(_timed_ms() for _ in range(_ROUNDS))


def _timed_ms() -> float:
    start = time.perf_counter()
    total = 0
    for step in range(_STEPS):
        total += step * step % 7
    return (time.perf_counter() - start) * 1000


class Calibrations:
    """The loop's times beside each figure of a run: milliseconds before and after it."""

    def __init__(self) -> None:
        self.loops_ms: dict[str, list[float]] = {}

    @contextmanager
    def around(self, figure: str) -> Iterator[None]:
        """Time the loop before and after what measures `figure`."""
        before_ms = calibrate()
        yield
        self.note(figure, before_ms)

    def note(self, figure: str, before_ms: float) -> None:
        """Time the loop after what measured `figure`, and keep it with the time from before."""
        self.loops_ms[figure] = [round(before_ms, 1), round(calibrate(), 1)]

    @property
    def median_ms(self) -> float:
        """The median over the whole run."""
        return statistics.median(one for pair in self.loops_ms.values() for one in pair)
