"""Send the world for hours on a schedule that waits for nothing, from a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from confluent_kafka import Producer

from events.topics import LABELS, TRANSACTIONS
from harness.errors import BenchmarkError
from harness.load import Load
from harness.open_loop import Schedule
from producer.sending.kafka import KafkaSettings

_READY_S = 300.0
_LAST_S = 60.0
_NS, _NS_PER_MS = 1_000_000_000, 1_000_000
_TICK_S = 0.002
"""A sleep at least this long: one for each payment took half a core at 7,000 a second, which the
job then lacked. It comes on top of the latencies, as they count from the time that was due."""


@dataclass(frozen=True)
class Stretch:
    """Payments to send: `payments` of the world behind its first `skip`, `per_s` a second."""

    skip: int
    payments: int
    per_s: int
    days: int


class SoakSender:
    """The sending process; entered, it is ready, and `start` gives it the time to begin.

    Each payment's Kafka time is the one at which it was due, so that whoever measures from there
    leaves out no wait (see harness/open_loop.py).
    """

    def __init__(self, bootstrap: str, stretch: Stretch) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(
            target=_send, args=(bootstrap, stretch, there), daemon=True, name="soak-sender"
        )
        self._there = there

    def __enter__(self) -> Self:
        self._process.start()
        self._there.close()
        self._expect("ready", _READY_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.join()

    def start(self) -> None:
        """Let the sending begin."""
        self._pipe.send("go")

    def finish(self, seconds: float) -> float:
        """Wait for a stretch of so long to arrive; return how late it was sent at worst, ms."""
        return float(self._expect("the last payment", seconds + _LAST_S))

    def _expect(self, what: str, timeout_s: float) -> str:
        if not self._pipe.poll(timeout_s):
            raise BenchmarkError(f"Expected the sender to tell {what} within {timeout_s:.0f} s.")
        try:
            return str(self._pipe.recv())
        except EOFError:
            raise BenchmarkError(
                "Expected the sender to go on, and it has ended: see its words above."
            ) from None


def _send(bootstrap: str, stretch: Stretch, pipe: Connection) -> None:
    load = Load(stretch.days)
    for _ in load.take(stretch.skip):
        pass
    producer = Producer(KafkaSettings(bootstrap).client())
    producer.list_topics(TRANSACTIONS.name, timeout=10)
    pipe.send("ready")
    pipe.recv()
    schedule = Schedule(time.time_ns(), stretch.per_s)
    sent, worst_ns = 0, 0
    for record in load.take(stretch.payments):
        due_ns = schedule.due_ns(sent)
        wait_s = (due_ns - time.time_ns()) / _NS
        if wait_s > 0:
            time.sleep(max(wait_s, _TICK_S))
        worst_ns = max(worst_ns, time.time_ns() - due_ns)
        topic = LABELS.name if record.is_label else TRANSACTIONS.name
        producer.produce(topic, record.value, record.key, timestamp=due_ns // _NS_PER_MS)
        producer.poll(0)
        sent += not record.is_label
    producer.flush(_LAST_S)
    pipe.send(str(worst_ns / _NS_PER_MS))
