"""The demo's payments: a stretch of history as fast as it goes, then the present at a pace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa

from producer.sending.feed import Feed
from producer.sending.kafka import KafkaSettings, Sender
from producer.sending.pacing import Pace
from producer.stream.labels import DAY_MS, LabelSettings
from producer.stream.records import Record, Records
from producer.stream.selection import Selection, times_of
from producer.world.generate import generate
from producer.world.settings import WorldSettings


@dataclass
class DemoStream:
    """Payments of one world in two runs; labels follow seven days behind.

    `truth` maps the transactions of the present to whether they are frauds.
    """

    world: WorldSettings
    history_days: int
    bootstrap: str
    truth: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._present_ms = self.world.start_ms + self.history_days * DAY_MS
        self._records = iter(Records(self._batches(), Selection(), LabelSettings()))
        self._first: list[Record] = []

    def send_history(self) -> int:
        """Send what happened before the present; return how many payments."""
        feed = self._send(Feed(Pace(), flush_every_s=5.0), self._history())
        return feed.progress.payments

    def send_present(self, feed: Feed) -> threading.Thread:
        """Start sending the present, until `feed.stop` is called; join the thread behind it."""
        records = chain(self._first, self._records)
        thread = threading.Thread(target=self._send, args=(feed, records), name="demo-payments")
        thread.start()
        return thread

    def _send(self, feed: Feed, records: Iterator[Record]) -> Feed:
        sender = Sender(KafkaSettings(self.bootstrap))
        try:
            feed.run(records, sender)
        finally:
            sender.close()
        return feed

    def _history(self) -> Iterator[Record]:
        for record in self._records:
            if record.time_ms >= self._present_ms:
                self._first.append(record)
                return
            yield record

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the simulation and take note of the truth on the way."""
        for batch in generate(self.world):
            if times_of(batch)[-1] >= self._present_ms:
                ids = batch.column("transaction_id").to_pylist()
                self.truth.update(zip(ids, batch.column("is_fraud").to_pylist(), strict=True))
            yield batch
