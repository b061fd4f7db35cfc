"""Whole runs: a source to Kafka or to a file, ended by its end, a limit or a signal."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import numpy as np
import pyarrow as pa

from producer.feed import Feed, Progress, Summary, summarise
from producer.kafka import KafkaSettings, Sender
from producer.labels import LabelSettings
from producer.outfile import open_writer
from producer.pacing import Pace
from producer.records import Records
from producer.selection import Selection, select, times_of

INTERRUPTED = "interrupted"

OnTick = Callable[[Progress], None]
Rejected = Callable[[], dict[str, int]]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What is sent and how fast; limit counts payments."""

    selection: Selection = field(default_factory=Selection)
    labels: LabelSettings = field(default_factory=LabelSettings)
    pace: Pace = field(default_factory=Pace)
    limit: int | None = None


def to_kafka(
    batches: Iterator[pa.RecordBatch],
    settings: RunSettings,
    kafka: KafkaSettings,
    on_tick: OnTick = lambda _: None,
    rejected: Rejected = dict,
) -> Summary:
    """Send payments and labels; return what arrived. SendError where Kafka cannot be reached.

    SIGINT and SIGTERM end the run after the current record; what was sent is flushed first.
    """
    records = Records(batches, settings.selection, settings.labels, settings.limit)
    sender = Sender(kafka)
    feed = Feed(settings.pace, kafka.flush_every_s, on_tick)
    try:
        with stopped_by_signals(lambda: feed.stop(INTERRUPTED)):
            feed.run(records, sender)
    finally:
        sender.close()
    delivered = (sender.delivered(False), sender.delivered(True))
    failed = dict(sender.failures)
    return summarise(feed.progress, delivered, failed, rejected(), records.labels_waiting)


def to_file(
    batches: Iterator[pa.RecordBatch],
    path: Path,
    settings: RunSettings,
    on_tick: OnTick = lambda _: None,
    rejected: Rejected = dict,
) -> Summary:
    """Write the selected payments, at their moved times, as fast as it goes."""
    progress, start = Progress(), time.perf_counter()
    with stopped_by_signals(lambda: setattr(progress, "stopped", INTERRUPTED)):
        chosen = _chosen(batches, settings)
        first = next(chosen, None)
        if first is not None:
            with open_writer(path, first.schema) as writer:
                while first is not None:
                    writer.write(first)
                    _count(progress, first, start)
                    on_tick(progress)
                    first = None if progress.stopped else next(chosen, None)
    if path.exists():
        progress.bytes = path.stat().st_size
    return summarise(progress, (progress.payments, 0), {}, rejected(), 0)


def sort_by_time(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Order a whole source by event time, in memory; equal times keep their order."""
    found = list(batches)
    if found:
        table = pa.Table.from_batches(found)
        order = np.argsort(np.asarray(table["timestamp_ms"]), kind="stable")
        yield from table.take(pa.array(order)).combine_chunks().to_batches()


@contextmanager
def stopped_by_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call stop at the first SIGINT or SIGTERM; a second one acts as it did before."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        restore()
        stop()

    for number in numbers:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()


def _chosen(batches: Iterator[pa.RecordBatch], settings: RunSettings) -> Iterator[pa.RecordBatch]:
    """Yield the payments that a run sends, up to its limit."""
    left = settings.limit
    for piece in select(batches, settings.selection, None):
        batch = piece.batch.filter(pa.array(piece.sent))
        batch = batch if left is None else batch.slice(0, left)
        if batch.num_rows:
            yield batch
        if left is not None:
            left -= batch.num_rows
            if left == 0:
                return


def _count(progress: Progress, batch: pa.RecordBatch, start: float) -> None:
    times = times_of(batch)
    progress.payments += batch.num_rows
    progress.first_ms = int(times[0]) if progress.first_ms is None else progress.first_ms
    progress.last_ms = int(times[-1])
    progress.seconds = time.perf_counter() - start
