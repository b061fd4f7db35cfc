"""Counters of a stage whose counts a test can read."""

from __future__ import annotations

from jobs.flink_edge.worker import Tally
from udfs.metrics import Counters


class Counted:
    """Counters, and what they have counted by their name, or their name and label."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self.counters = Counters(Tally(counts=self._told))

    @property
    def counts(self) -> dict[str, int]:
        """What was counted so far, under `name` or `name/label`."""
        return {
            path.removeprefix("cardwatch\n").replace("\n", "/"): count
            for path, count in self._told.items()
        }
