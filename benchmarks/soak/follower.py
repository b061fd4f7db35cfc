"""Follow decisions for hours: latencies since the last look, and whether one is missing."""

from __future__ import annotations

import msgspec
import numpy as np

from harness.latency import Latencies, LatencyProbe


class _Answer(msgspec.Struct):
    """Interface of a decision, as the follower needs it."""

    card_id: str
    card_sequence: int
    received_ms: int


class Follower(LatencyProbe):
    """A probe that keeps no payment, only the number of each card's last decision.

    The decisions on a card lie in one partition, and at parallelism 1 in the order of their numbers
    1, 2, 3, ...: one that is lost or doubled breaks it. `out_of_place` counts the breaks, `decided`
    the decisions. Latency counts from the time that Kafka has of the payment; a sender who stamps
    the time at which it was due leaves out no wait.
    """

    def __init__(self, bootstrap: str, *, committed: bool) -> None:
        super().__init__(bootstrap, committed=committed)
        self._parse = msgspec.json.Decoder(_Answer).decode
        self._numbers: dict[str, int] = {}
        self._since: list[float] = []
        self.decided = 0
        self.out_of_place = 0

    def take(self) -> Latencies:
        """Return the latencies since the last call, float64[n] in ms."""
        since, self._since = self._since, []
        return np.array(since)

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Wait until so many decisions have been seen; False where they were not in time."""
        return self._wait_until(lambda: self.decided >= count, timeout_s)

    def _note(self, value: bytes, seen_ns: int) -> None:
        try:
            answer = self._parse(value)
        except msgspec.DecodeError:
            self.unreadable += 1  # the card's next number shows the gap
            return
        self._since.append(seen_ns / 1e6 - answer.received_ms)
        before = self._numbers.get(answer.card_id, answer.card_sequence - 1)
        self.out_of_place += answer.card_sequence != before + 1
        self._numbers[answer.card_id] = answer.card_sequence
        self.decided += 1
