"""Counters of a stage whose counts a test can read."""

from __future__ import annotations

from udfs.metrics import Counters


class Counted:
    """Counters, and what they have counted by their name, or their name and label."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.counters = Counters(_Group(self.counts))


class _Group:
    """The part of a metric group of Flink's that counters need."""

    def __init__(self, counts: dict[str, int], path: str = "") -> None:
        self._counts = counts
        self._path = path

    def add_group(self, name: str, extra: str | None = None) -> _Group:
        assert extra is None
        return _Group(self._counts, "" if name == "cardwatch" else f"{name}/")

    def counter(self, name: str) -> _Counter:
        return _Counter(self._counts, self._path + name)


class _Counter:
    def __init__(self, counts: dict[str, int], name: str) -> None:
        self._counts = counts
        self._name = name

    def inc(self, n: int = 1) -> None:
        self._counts[self._name] = self._counts.get(self._name, 0) + n
