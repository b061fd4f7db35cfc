"""Time from a payment to its readable decision, early and committed."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, Self

import msgspec
import numpy as np
import numpy.typing as npt
from confluent_kafka import Consumer, KafkaException

from events.topics import DECISIONS
from harness.offsets import consumer_settings, end_positions

Latencies = npt.NDArray[np.float64]

_POLL_S = 0.1
_PER_MILLE = {"p50": 500, "p99": 990, "p999": 999}


class Sighting(NamedTuple):
    """When Kafka had the payment (epoch ms), and when its answer came out of a poll (epoch ns)."""

    received_ms: int
    seen_ns: int


class _Answer(msgspec.Struct):
    """The two fields of a decision or an alert that a latency needs."""

    transaction_id: str
    received_ms: int


class LatencyProbe:
    """A thread that polls decisions or alerts one by one and notes when it saw each.

    `committed` chooses read_committed over read_uncommitted. The probe starts at the end of the
    topic; times are wall-clock, so that a sender in another process can say when it sent. What it
    polled it parses when somebody asks: a second's decisions become readable at once, and parsing
    them there and then takes time of the cores from the job that is being measured. `unreadable`
    counts what could not be parsed, which is no event.

    >>> with LatencyProbe(bootstrap, committed=False) as probe:  # needs a broker  # doctest: +SKIP
    ...     sent_ns = send_payments()  # transaction_id -> epoch ns
    ...     probe.wait_for(len(sent_ns), timeout_s=10)
    >>> percentiles(probe.latencies_ms(sent_ns))  # of the lines above  # doctest: +SKIP
    {'p50': 3.1, 'p99': 7.9, 'p999': 14.2}
    """

    def __init__(self, bootstrap: str, *, committed: bool, topic: str = DECISIONS.name) -> None:
        self._bootstrap = bootstrap
        self._committed = committed
        self._topic = topic
        self._decoder = msgspec.json.Decoder(_Answer)
        self._thread = threading.Thread(target=self._run, name=f"probe-{topic}", daemon=True)
        self._stopping = threading.Event()
        self._error: KafkaException | None = None
        self.unreadable = 0
        self._polled = deque[tuple[bytes, int]]()
        self._seen: dict[str, Sighting] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Take position at the end of the topic and begin to poll; returns when it has."""
        self._consumer = Consumer(consumer_settings(self._bootstrap, committed=self._committed))
        self._consumer.assign(end_positions(self._consumer, self._topic))
        self._thread.start()

    def stop(self) -> None:
        """End the thread; harmless a second time. KafkaException where its consumer failed."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._thread.join()
            self._consumer.close()
        if self._error is not None:
            raise self._error

    @property
    def seen(self) -> Mapping[str, Sighting]:
        """The first sighting of each event; a crash of the job makes early ones repeat."""
        while self._polled:
            value, seen_ns = self._polled.popleft()
            try:
                answer = self._decoder.decode(value)
            except msgspec.DecodeError:
                self.unreadable += 1
                continue
            self._seen.setdefault(answer.transaction_id, Sighting(answer.received_ms, seen_ns))
        return self._seen

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Wait until so many events have been seen; False where they were not in time."""
        return self._wait_until(lambda: self._at_most() >= count <= len(self.seen), timeout_s)

    def _at_most(self) -> int:
        """Return how many events have been seen at most: repeats count until they are parsed."""
        return len(self._polled) + len(self._seen)

    def _wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition() and self._error is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return self._error is None

    def latencies_ms(self, sent_ns: Mapping[str, int] | None = None) -> Latencies:
        """Return the latency of every event seen, float64[n] in ms, in the order of `seen`.

        It counts from `sent_ns` (transaction_id to epoch ns; other events are left out), or else
        from the Kafka time of the payment, which has whole milliseconds.
        """
        if sent_ns is None:
            return np.array([one.seen_ns / 1e6 - one.received_ms for one in self.seen.values()])
        found = [
            (one.seen_ns - sent_ns[name]) / 1e6
            for name, one in self.seen.items()
            if name in sent_ns
        ]
        return np.array(found, dtype=np.float64)

    def _run(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(_POLL_S)
            if message is None:
                continue
            seen_ns = time.time_ns()
            if message.error() is not None:
                self._error = KafkaException(message.error())
                return
            self._note(message.value() or b"", seen_ns)

    def _note(self, value: bytes, seen_ns: int) -> None:
        """Keep an event as it was polled; called in the probe's thread."""
        self._polled.append((value, seen_ns))


def percentiles(latencies_ms: Latencies) -> dict[str, float]:
    """Return p50, p99 and p99.9 (as p999), each a latency that was measured (nearest rank).

    >>> percentiles(np.arange(1.0, 1001.0))
    {'p50': 500.0, 'p99': 990.0, 'p999': 999.0}

    ValueError where there is no event.
    """
    count = len(latencies_ms)
    if not count:
        raise ValueError("No event was seen, so there is no latency to tell.")
    rising = np.sort(latencies_ms)
    ranks = {name: -(-count * share // 1000) for name, share in _PER_MILLE.items()}
    return {name: round(float(rising[rank - 1]), 3) for name, rank in ranks.items()}
