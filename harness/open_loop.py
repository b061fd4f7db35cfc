"""Send payments on a schedule that does not wait for anything, from a process of its own.

A sender that waits for a slow system sends less while it is slow, and so leaves out the waits that
the others would have had (coordinated omission). Here each payment has its time before the first
is sent, and latency counts from that time, also where the sender itself comes late.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from confluent_kafka import Producer

from events.topics import TRANSACTIONS
from producer.sending.kafka import KafkaSettings

_LEAD_NS = 500_000_000
_NS = 1_000_000_000

KeyedValue = tuple[bytes, bytes]


@dataclass(frozen=True)
class Schedule:
    """When payments go: the n-th at start_ns + n seconds / per_s (epoch ns)."""

    start_ns: int
    per_s: int

    def due_ns(self, number: int) -> int:
        """Return when the payment of a number, from 0, is sent.

        >>> Schedule(0, 500).due_ns(1)
        2000000
        """
        return self.start_ns + number * _NS // self.per_s


@dataclass(frozen=True)
class Sent:
    """Records that were sent, and the sender's own worst delay."""

    schedule: Schedule
    worst_lateness_ms: float


def send_open_loop(bootstrap: str, records: Sequence[KeyedValue], per_s: int) -> Sent:
    """Send keyed payments at a steady rate from a new process; return when all have arrived."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(bootstrap, records, per_s, there), daemon=True)
    process.start()
    there.close()
    try:
        sent = here.recv()
    except EOFError:
        raise RuntimeError("The sending process ended early; its error is above.") from None
    finally:
        process.join()
    assert isinstance(sent, Sent)
    return sent


def _send(bootstrap: str, records: Sequence[KeyedValue], per_s: int, pipe: Connection) -> None:
    settings = KafkaSettings(bootstrap, linger_ms=0.0, compression="none")
    producer = Producer({**settings.client(), "socket.nagle.disable": True})
    producer.list_topics(TRANSACTIONS.name, timeout=10)
    gc.disable()  # a collection would hold up payments that are due
    schedule = Schedule(time.time_ns() + _LEAD_NS, per_s)
    worst_ns = 0
    for number, (key, value) in enumerate(records):
        due_ns = schedule.due_ns(number)
        left_ns = due_ns - time.time_ns()
        if left_ns > 0:
            time.sleep(left_ns / _NS)
        worst_ns = max(worst_ns, time.time_ns() - due_ns)
        producer.produce(TRANSACTIONS.name, value, key)
        producer.poll(0)
    producer.flush(30)
    pipe.send(Sent(schedule, worst_ns / 1e6))
