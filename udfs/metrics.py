"""Counters that the Flink web UI and the metrics reporters show; docs/operations.md lists them.

A group is Flink's; nothing here imports it, so that both engines count with the same names.
"""

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterable
from functools import partial
from typing import Final, Protocol

LATENCY_BOUNDS_MS: Final = (5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)
"""Upper bounds, included, of the latency buckets; one more bucket holds what took longer."""
_BUCKETS: Final = (
    *(f"le_{bound}" for bound in LATENCY_BOUNDS_MS),
    f"over_{LATENCY_BOUNDS_MS[-1]}",
)

_bucket_of: Final = partial(bisect_left, LATENCY_BOUNDS_MS)


class Counter(Protocol):
    """A counter of Flink's."""

    def inc(self, n: int = 1) -> None:
        """Add n to the counter."""


class Group(Protocol):
    """A metric group of Flink's."""

    def counter(self, name: str) -> Counter:
        """Register a counter."""

    def add_group(self, name: str, extra: str | None = None) -> "Group":
        """Open a group below this one."""


class Counters:
    """Counters below the group `cardwatch`, registered when they first count."""

    def __init__(self, group: Group) -> None:
        self._group = group.add_group("cardwatch")
        self._counters: dict[tuple[str, str | None], Counter] = {}

    def add(self, name: str, label: str | None = None, *, count: int = 1) -> None:
        """Add to a counter, or to that of one label, such as a reason code, under its name."""
        counter = self._counters.get((name, label))
        if counter is None:
            group = self._group if label is None else self._group.add_group(name)
            counter = self._counters[name, label] = group.counter(label or name)
        counter.inc(count)

    def decided(self, levels: Iterable[str], latencies_ms: Iterable[int]) -> None:
        """Count decisions by risk level, and by the time since Kafka had each, where it is known.

        A counter is called once for all.
        """
        for level, count in Tally(levels).items():
            self.add("decisions", level, count=count)
        for bucket, count in Tally(map(_bucket_of, latencies_ms)).items():
            self.add("latency_ms", _BUCKETS[bucket], count=count)


def latency_bucket(latency_ms: int) -> str:
    """Return the name of the bucket that a latency belongs to.

    >>> latency_bucket(5), latency_bucket(6), latency_bucket(9_000)
    ('le_5', 'le_10', 'over_5000')
    """
    return _BUCKETS[_bucket_of(latency_ms)]
