"""Pace of a stream: unlimited, payments a second, or a multiple of recorded time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """At most one of per_s (payments a second) and speed (seconds of event time a second).

    >>> Pace(per_s=500).due_s(payments=250, elapsed_ms=0), Pace(speed=60).due_s(0, 120_000)
    (0.5, 2.0)
    """

    per_s: float | None = None
    speed: float | None = None

    def __post_init__(self) -> None:
        if self.per_s is not None and self.speed is not None:
            raise ValueError("pace: expected --rate or --speed, got both; leave one out")
        for name in ("per_s", "speed"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"pace: expected {name} above 0, got {value}")

    def due_s(self, payments: int, elapsed_ms: int) -> float:
        """Return when a record goes, in seconds from the first one.

        payments counts those sent before it, elapsed_ms is the event time since the first.
        """
        if self.per_s is not None:
            return payments / self.per_s
        if self.speed is not None:
            return elapsed_ms / 1000 / self.speed
        return 0.0
