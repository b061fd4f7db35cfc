"""Whole runs: a source to Kafka or to a file, ended by its end, a limit or a signal."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import FrameType

import numpy as np
import pyarrow as pa

from producer.files.form import AccountError, BrokenOffError
from producer.files.layouts import LayoutError
from producer.sending.feed import GENERATED, Feed, Progress, Source, Summary, summarise
from producer.sending.kafka import KafkaSettings, Sender
from producer.sending.outfile import BatchWriter, OutFileError, open_writer, partial_of
from producer.sending.pacing import Pace
from producer.stream.labels import LabelSettings
from producer.stream.records import Records
from producer.stream.selection import Selection, select, times_of

INTERRUPTED = "interrupted"

OnTick = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Payments that are sent and their pace; limit counts payments."""

    selection: Selection = field(default_factory=Selection)
    labels: LabelSettings = field(default_factory=LabelSettings)
    pace: Pace = field(default_factory=Pace)
    limit: int | None = None


def to_kafka(
    batches: Iterator[pa.RecordBatch],
    settings: RunSettings,
    kafka: KafkaSettings,
    on_tick: OnTick = lambda _: None,
    source: Source = GENERATED,
) -> Summary:
    """Send payments and labels; return what arrived. SendError where Kafka cannot be reached.

    SIGINT, SIGTERM and a file that breaks off end the run after the current record; what was sent
    is flushed first.
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
    summary = summarise(feed.progress, delivered, failed, source, records.labels_waiting)
    return _settled(summary, settings)


def to_file(
    batches: Iterator[pa.RecordBatch],
    path: Path,
    settings: RunSettings,
    on_tick: OnTick = lambda _: None,
    source: Source = GENERATED,
) -> Summary:
    """Write the selected payments, at their moved times, as fast as it goes.

    The file has its name once it is whole; what was written of one that is not is partial_of it.
    """
    progress, start = Progress(), time.perf_counter()
    partial = partial_of(path)
    try:
        with stopped_by_signals(lambda: setattr(progress, "stopped", INTERRUPTED)):
            _write(_chosen(batches, settings), partial, progress, on_tick, start)
        if partial.exists():
            progress.bytes = partial.stat().st_size
            if not progress.stopped:
                partial.replace(path)
    except OSError as error:
        raise OutFileError(
            f"{path}: expected a place that can be written, got {error}; name another file"
        ) from None
    return _settled(summarise(progress, (progress.payments, 0), {}, source, 0), settings)


def _write(
    chosen: Iterator[pa.RecordBatch],
    path: Path,
    progress: Progress,
    on_tick: OnTick,
    start: float,
) -> None:
    """Write batches until they end, break off, or a signal stops the run."""
    with ExitStack() as at_end:
        writer: BatchWriter | None = None
        try:
            for batch in chosen:
                if writer is None:
                    writer = at_end.enter_context(open_writer(path, batch.schema))
                if batch.num_rows:
                    writer.write(batch)
                    _count(progress, batch, start)
                    on_tick(progress)
                if progress.stopped:
                    break
        except BrokenOffError as error:
            progress.break_off(error)


def _settled(summary: Summary, settings: RunSettings) -> Summary:
    """Return a summary that adds up; AccountError where payments are gone without a reason."""
    chosen = settings.selection == Selection(start_ms=settings.selection.start_ms)
    if summary.left_out and chosen and settings.limit is None and not summary.stopped:
        raise AccountError(
            f"expected every payment of the file to be sent, got {summary.left_out:,} that were "
            "not; report this file's form."
        )
    return summary


def sort_by_time(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Order a whole source by event time, in memory; equal times keep their order.

    Raises LayoutError where a file breaks off: what comes behind might have to go first.
    """
    try:
        found = list(batches)
    except BrokenOffError as error:
        raise LayoutError(f"{error}; --sort uses nothing of a file that breaks off") from None
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
    """Yield an empty batch, which tells the schema, and the payments that a run sends."""
    first = next(batches, None)
    if first is None:
        return
    yield first.slice(0, 0)
    left = settings.limit
    for piece in select(chain([first], batches), settings.selection, None):
        batch = piece.batch.filter(pa.array(piece.sent))
        batch = batch if left is None else batch.slice(0, left)
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
