"""The parity proof: payments through the real job, and the same through offline replays.

They come as networks deliver them: interleaved out of order, some late, some twice, with labels
late and corrected. What the job answers is held against `verify.parity.compare`, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from events.topics import DECISIONS
from features import warm_up
from harness.errors import BenchmarkError
from harness.job import Progress, running_job
from harness.offsets import wait_until_settled
from harness.own_stack import own_stack
from jobs.settings import DEFAULT_ENGINE, Engine
from producer.files.data_sets import LAYOUTS
from producer.files.mapping import read
from producer.sending.feed import Feed
from producer.sending.kafka import KafkaSettings, Sender
from producer.sending.pacing import Pace
from producer.stream.disorder import Disorder, Disordered, disordered
from producer.stream.labels import DAY_MS, LabelSettings
from producer.stream.records import Records
from producer.stream.selection import Selection, times_of
from producer.values.tokens import KEY_BYTES, Tokenizer
from producer.world.generate import generate
from producer.world.settings import WorldSettings
from scoring.loader import Bundle, load_bundle
from verify.parity.compare import ParityReport, Stream, compare
from verify.reading import read_stream

_DAYS = 25
_PAYMENTS_A_CARD = 35
"""On average, so that most cards have a normal to differ from within the days of a run."""
_FEWEST_USERS = 20
_SMALLEST_WORLD = 100
"""Payments; a run takes the first of them where it asks for fewer."""
_SPARE = 1.3
"""Of a file's payments, how many times as many are read, as cards differ in theirs."""
_LOOKS = 3


@dataclass(frozen=True)
class ParitySettings:
    """One run: of `data` in a known `layout`, or of the generator where both are None."""

    folder: Path
    bundle: Path
    payments: int = 20_000
    parallelism: int = 2
    engine: Engine = DEFAULT_ENGINE
    data: Path | None = None
    layout: str | None = None
    seed: int = 0
    keep: bool = False


@dataclass(frozen=True)
class Streamed:
    """Payments that went through the job, and the disorder on their way."""

    stream: Stream
    sent: Disordered
    bundle: Bundle


@dataclass(frozen=True)
class ParityResults:
    """The comparison of a run, with what was sent."""

    model: str
    sent: Disordered
    report: ParityReport


def run(settings: ParitySettings, progress: Progress) -> ParityResults:
    """Stream, replay, compare. BenchmarkError where the job or the file does not answer."""
    streamed = stream_payments(settings, progress)
    progress("replaying offline, by sequence numbers and by topic order")
    report = compare(streamed.stream, streamed.bundle)
    return ParityResults(streamed.bundle.manifest.model, streamed.sent, report)


def stream_payments(settings: ParitySettings, progress: Progress) -> Streamed:
    """Send payments through the job on a stack of its own, and read all topics back."""
    warm_up()
    progress(f"preparing {settings.payments:,} payments in disorder")
    sent = traffic(settings)
    bundle = load_bundle(settings.bundle)
    with (
        own_stack(settings.folder, settings.parallelism, settings.keep, progress) as stack,
        running_job(stack, bundle.path, settings.parallelism, settings.engine) as job,
    ):
        progress(
            f"sending {sent.payments:,} payments, {sent.repeats:,} of them twice and "
            f"{sent.late:,} late, and {sent.labels:,} labels"
        )
        _send(sent, stack.kafka)
        job.wait_for_decisions(sent.payments, progress)
        progress("reading the topics")
        return Streamed(_read_when_complete(stack.kafka, sent), sent, bundle)


def traffic(settings: ParitySettings) -> Disordered:
    """Return the records of a run. BenchmarkError where the file has too few payments."""
    records = Records(_batches(settings), Selection(), LabelSettings(), settings.payments)
    sent = disordered(records, Disorder(seed=settings.seed))
    if sent.payments < settings.payments:
        raise BenchmarkError(
            f"{settings.data or 'The generator'}: expected {settings.payments:,} payments, got "
            f"{sent.payments:,}; ask for as many with --payments."
        )
    return sent


def _batches(settings: ParitySettings) -> Iterator[pa.RecordBatch]:
    if settings.data is not None and settings.layout is not None:
        tokens = Tokenizer(bytes(KEY_BYTES))
        return _of_few_cards(read(settings.data, LAYOUTS[settings.layout], tokens), settings)
    users = max(_FEWEST_USERS, settings.payments // _PAYMENTS_A_CARD)
    return generate(
        WorldSettings(
            users=users,
            merchants=2 * users,
            payments=max(_SMALLEST_WORLD, settings.payments),
            days=_DAYS,
            seed=settings.seed,
        )
    )


def _of_few_cards(
    batches: Iterator[pa.RecordBatch], settings: ParitySettings
) -> Iterator[pa.RecordBatch]:
    """Yield the payments of so few cards that they span weeks, and labels come among them."""
    found: list[pa.RecordBatch] = []
    rows, needed = 0, _SPARE * settings.payments
    for batch in batches:
        found.append(batch)
        rows += batch.num_rows
        days = (times_of(batch)[-1] - times_of(found[0])[0]) / DAY_MS
        if rows >= needed and days >= _DAYS:
            break
    if not found:
        return
    table = pa.Table.from_batches(found).combine_chunks()
    cards = np.asarray(table["card_id"].combine_chunks().dictionary_encode().indices)
    chosen = cards % max(1, int(rows / needed)) == 0
    yield from table.filter(pa.array(chosen)).to_batches()


def _send(sent: Disordered, bootstrap: str) -> None:
    feed, sender = Feed(Pace(), flush_every_s=0), Sender(KafkaSettings(bootstrap))
    feed.run(sent.records, sender)
    if feed.progress.stopped or sender.failures:
        reason = feed.progress.stopped or dict(sender.failures)
        raise BenchmarkError(f"Sending ended early: {reason}.")


def _read_when_complete(bootstrap: str, sent: Disordered) -> Stream:
    """Read the topics when all is answered, or when looking again shows nothing more."""
    for look in range(_LOOKS):
        wait_until_settled(bootstrap, DECISIONS.name)
        stream = read_stream(bootstrap)
        complete = len(stream.decisions) >= sent.payments and len(stream.receipts) >= sent.labels
        if complete or look == _LOOKS - 1:
            break
    return stream
