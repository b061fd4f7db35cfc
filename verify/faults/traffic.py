"""The payments of a run on their way, with the producer's log of them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from harness.errors import BenchmarkError
from producer.sending.feed import Feed
from producer.sending.kafka import KafkaSettings, Sender
from producer.stream.labels import LabelSettings
from producer.stream.records import Record, Records
from producer.stream.selection import Selection
from producer.world.generate import generate
from producer.world.settings import WorldSettings
from verify.faults.producer_log import Sent

_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_PAYMENTS_A_CARD_AND_DAY = 2
_CONFIRMED_WITHIN_S = 300.0
"""A payment waits so long for a broker that comes back; one given up would leave it open whether
the job has to answer it."""

_GIVEN_UP_S = 10.0


Alter = Callable[[Iterable[Record], random.Random], Iterable[Record]]
"""Turns a run's records into those that are sent; the same for the same generator."""


@dataclass(frozen=True)
class Traffic:
    """Traffic during a fault: `payments` of a world of `cards`, `per_s` a second.

    Without `local_currencies` every payment is in euros. `alter` changes the records; records that
    are no valid payments have to become dead letters.
    """

    payments: int = 6_000
    per_s: float = 250.0
    cards: int = 120
    alter: Alter | None = None
    local_currencies: bool = True

    @property
    def seconds(self) -> float:
        """Length of the traffic at its pace, in seconds."""
        return self.payments / self.per_s


def records(traffic: Traffic, seed: int) -> list[Record]:
    """Return a world's payments with their labels, before `alter`; the same for a seed.

    Cards and merchants carry the seed in their names, so the runs of several seeds through one job
    share no state and are judged one by one.
    """
    return list(Records(_named(world(traffic, seed), seed), Selection(), LabelSettings()))


def world(traffic: Traffic, seed: int) -> Iterator[pa.RecordBatch]:
    """Return the world that a run's payments are of, in the form of events.table."""
    days = max(1, round(traffic.payments / (_PAYMENTS_A_CARD_AND_DAY * traffic.cards)))
    settings = WorldSettings(
        users=traffic.cards,
        merchants=2 * traffic.cards,
        payments=traffic.payments,
        days=days,
        start=_FIRST_DAY,
        seed=seed,
        local_currencies=traffic.local_currencies,
    )
    return generate(settings)


def _named(batches: Iterator[pa.RecordBatch], seed: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for name in ("card_id", "merchant_id"):
            place = batch.schema.get_field_index(name)
            own = pc.binary_join_element_wise(f"seed{seed}-", batch.column(place), "")
            batch = batch.set_column(place, batch.schema.field(place), own)
        yield batch


class VaryingPace:
    """So many payments a second, until told otherwise."""

    def __init__(self, per_s: float) -> None:
        self.per_s = per_s
        self._counted = 0
        self._due_s = 0.0

    def due_s(self, payments: int, _elapsed_ms: int) -> float:
        """Return when a record goes, in seconds from the first one."""
        self._due_s += (payments - self._counted) / self.per_s
        self._counted = payments
        return self._due_s

    def hold(self, seconds: float) -> None:
        """Let what comes after the next payment wait."""
        self._due_s += seconds


class Flow:
    """Sends records in a thread of its own and logs what the broker confirms.

    `log` may be read once `finish` has returned.
    """

    def __init__(self, bootstrap: str, sent: Sequence[Record], per_s: float) -> None:
        self.log: list[Sent] = []
        self.pace = VaryingPace(per_s)
        self._feed = Feed(self.pace, flush_every_s=0)
        settings = KafkaSettings(bootstrap, timeout_s=_CONFIRMED_WITHIN_S)
        self._sender = Sender(settings, lambda message: self.log.append(Sent.of(message)))
        self._thread = threading.Thread(
            target=self._feed.run, args=(sent, self._sender), name="traffic", daemon=True
        )

    @property
    def payments(self) -> int:
        """Records of the transactions topic that have been handed to the client."""
        return self._feed.progress.payments

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def burst(self, factor: float, seconds: float) -> None:
        """Send faster for a while."""
        usual = self.pace.per_s
        self.pace.per_s = factor * usual
        time.sleep(seconds)
        self.pace.per_s = usual

    def stop(self) -> None:
        """Give the rest up, when a run ends early; what is not confirmed soon is left."""
        self._feed.stop("the run has ended")
        if self._thread.is_alive():
            self._thread.join(_GIVEN_UP_S)

    def finish(self) -> None:
        """Wait until everything is sent and confirmed; BenchmarkError where it cannot be."""
        self._thread.join()
        failed = dict(self._sender.failures)
        if failed or self._feed.progress.stopped:
            raise BenchmarkError(
                "Expected every record of the run confirmed by the broker, got "
                f"{failed or self._feed.progress.stopped}: the run says nothing; repeat it."
            )
