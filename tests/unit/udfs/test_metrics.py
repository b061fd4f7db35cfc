"""Counters have the names that docs/operations.md lists."""

from __future__ import annotations

from dataclasses import dataclass, field

from udfs.metrics import LATENCY_BOUNDS_MS, Counters, latency_bucket


@dataclass
class RecordingGroup:
    """A metric group that keeps what is counted below it, by full name."""

    counts: dict[str, int] = field(default_factory=dict)
    path: str = ""

    def add_group(self, name: str, extra: str | None = None) -> RecordingGroup:
        suffix = name if extra is None else f"{name}.{extra}"
        return RecordingGroup(self.counts, f"{self.path}{suffix}.")

    def counter(self, name: str) -> RecordingGroup:
        return RecordingGroup(self.counts, f"{self.path}{name}")

    def inc(self, n: int = 1) -> None:
        self.counts[self.path] = self.counts.get(self.path, 0) + n


def test_counts_stand_under_their_label() -> None:
    group = RecordingGroup()
    counters = Counters(group)
    counters.decided(["HIGH", "LOW", "LOW"], [3, 7, 70_000])
    counters.decided(["MEDIUM"], [])
    counters.decided([], [])
    counters.add("repeated")
    counters.add("dead_letters", "bad_amount")
    assert group.counts == {
        "cardwatch.decisions.HIGH": 1,
        "cardwatch.decisions.LOW": 2,
        "cardwatch.decisions.MEDIUM": 1,
        "cardwatch.latency_ms.le_5": 1,
        "cardwatch.latency_ms.le_10": 1,
        "cardwatch.latency_ms.over_5000": 1,
        "cardwatch.repeated": 1,
        "cardwatch.dead_letters.bad_amount": 1,
    }


def test_every_latency_has_one_bucket() -> None:
    """A bound belongs to its bucket, one more millisecond to the next."""
    for bound in LATENCY_BOUNDS_MS:
        assert latency_bucket(bound) == f"le_{bound}"
        assert latency_bucket(bound + 1) != f"le_{bound}"
