"""Targets of the figures, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Target:
    """A figure's name in the table, its unit, and the limits that it should reach, in order.

    A rate should be at least its limit, everything else at most.
    """

    figure: str
    unit: str
    limits: tuple[float, ...]
    at_least: bool = False

    def reached(self, value: float) -> int:
        """Return how many limits a value reaches, from the first on.

        >>> Target("", "", (150, 80)).reached(100)
        1
        """
        met = [value >= limit if self.at_least else value <= limit for limit in self.limits]
        return met.index(False) if False in met else len(met)

    def verdict(self, value: float) -> str:
        """Say how far a value is.

        >>> Target("", "", (10_000, 20_000), at_least=True).verdict(12_345)
        'reached 10,000; next 20,000'
        """
        count = self.reached(value)
        if count == len(self.limits):
            return f"reached {self.limits[-1]:,g}"
        if count == 0:
            return f"missed {self.limits[0]:,g}"
        return f"reached {self.limits[count - 1]:,g}; next {self.limits[count]:,g}"


CHECKPOINT_INTERVAL_MS: Final = 1_000
"""execution.checkpointing.interval in flink-conf/common.yaml."""

_COMMITTED_MS: Final = CHECKPOINT_INTERVAL_MS + 100

TARGETS: Final = {
    target.figure: target
    for target in (
        Target("throughput, batch engine", "payments/s", (45_000, 60_000), True),
        Target("share of the bare loop, batch engine", "", (0.5,), True),
        Target("CPU of the job, batch engine", "us a payment", (28, 20)),
        Target("CPU of the broker, batch engine", "us a payment", (5, 4)),
        Target("provisional p50 at 500/s", "ms", (2.5,)),
        Target("provisional p99 at 500/s", "ms", (10,)),
        Target("provisional p50 at 2000/s", "ms", (2.5,)),
        Target("provisional p99 at 2000/s", "ms", (12,)),
        Target("provisional p99 at 10000/s", "ms", (30,)),
        Target("committed p99 at 500/s", "ms", (_COMMITTED_MS,)),
        Target("committed p99 at 2000/s", "ms", (_COMMITTED_MS,)),
        Target("committed p99 at 10000/s", "ms", (_COMMITTED_MS,)),
        Target("state of a card with 60 payments", "bytes", (1_500,)),
    )
}
