"""The Handbook's data through the running job: learn from the first days, stream those after.

The first 30 days go through the job as history and train the model; the 14 days after them are
decided by it, with labels that come seven days late. Then the decisions are held against the truth
and, bit for bit, against an offline replay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.judgement import Judgement, judge
from events.decision import Decision
from events.levels import ALERT_LEVELS
from events.topics import ALERTS, DECISIONS, LABEL_RECEIPTS
from features import warm_up
from harness.errors import BenchmarkError
from harness.job import Progress, RunningJob, running_job
from harness.offsets import wait_until_settled
from harness.own_stack import own_stack
from harness.rates import median_rate
from jobs.settings import DEFAULT_ENGINE, Engine
from producer.files.data_sets import LAYOUTS
from producer.files.mapping import read
from producer.sending.kafka import KafkaSettings
from producer.sending.pacing import Pace
from producer.sending.run import RunSettings, to_kafka
from producer.stream.labels import DAY_MS, LabelSettings
from producer.stream.selection import NEVER_MS, Selection
from producer.values.tokens import KEY_BYTES, Tokenizer
from scoring.loader import Bundle, load_bundle
from training.data.history import History, table_sha256
from training.data.replay import replay
from training.packaging.pipeline import Destination, Origin, Settings, train
from verify.parity.compare import ParityReport, compare
from verify.reading import read_alerts, read_stream

_NAME = "handbook"
_WARM_SHARE = 0.3
"""Share of the history that the job decides before its throughput is taken."""


@dataclass(frozen=True)
class HandbookSettings:
    """One run. `per_s` paces the streamed days; None sends them as fast as it goes.

    With `only_known_labels` the model learns from the labels that had come by the end of the
    history, as it would have to; else from all labels of those days.
    """

    data: Path
    folder: Path
    history_days: int = 30
    stream_days: int = 14
    label_delay_ms: int = 7 * DAY_MS
    only_known_labels: bool = True
    engine: Engine = DEFAULT_ENGINE
    per_s: float | None = 3_000.0
    keep: bool = False


@dataclass(frozen=True)
class Period:
    """The payments of a run, and when (epoch ms) its history ends and the stream begins."""

    table: pa.Table
    split_ms: int

    @property
    def counts(self) -> tuple[int, int]:
        """Payments of the history, and of the stream."""
        before = int(pc.sum(pc.less(self.table["timestamp_ms"], self.split_ms)).as_py())
        return before, self.table.num_rows - before


@dataclass(frozen=True)
class HandbookResults:
    """Results of a run; rates in payments a second.

    `streamed` judges the job's decisions, `replayed` an offline replay in which every label comes
    exactly in time.
    """

    model: str
    history_payments: int
    streamed_payments: int
    history_tx_per_s: float
    stream_tx_per_s: float
    streamed: Judgement
    replayed: Judgement
    alerts: dict[str, int]
    parity: ParityReport


def run(settings: HandbookSettings, progress: Progress) -> HandbookResults:
    """Train, stream, judge and compare.

    BenchmarkError where the file is too short, TrainingError where it cannot be learnt from.
    """
    warm_up()
    progress(f"reading {settings.data.name}")
    period = read_period(settings)
    # The stack's folder is emptied when it starts, so the model is trained once it runs.
    with own_stack(settings.folder, 1, settings.keep, progress) as stack:
        history = replay(
            period.table,
            settings.label_delay_ms,
            lambda done: progress(f"replayed {done:,} payments") if done % 100_000 == 0 else None,
        )
        bundle = load_bundle(_train(history, period, settings, progress))
        with running_job(stack, bundle.path, engine=settings.engine) as job:
            _stream(job, period, settings, progress)
            progress("reading the topics and replaying them offline")
            return _judge(job, period, history, bundle)


def read_period(settings: HandbookSettings) -> Period:
    """Return the days of history and stream from the file; BenchmarkError where there are fewer."""
    batches = read(settings.data, LAYOUTS["handbook"], Tokenizer(bytes(KEY_BYTES)))
    first = next(batches)
    start_ms = first["timestamp_ms"][0].as_py() // DAY_MS * DAY_MS
    split_ms = start_ms + settings.history_days * DAY_MS
    end_ms = split_ms + settings.stream_days * DAY_MS
    table = pa.Table.from_batches(_until(first, batches, end_ms))
    if table["timestamp_ms"][-1].as_py() < end_ms - DAY_MS:
        raise BenchmarkError(
            f"{settings.data}: expected {settings.history_days + settings.stream_days} days of "
            "payments, got fewer; choose fewer --history-days or --days."
        )
    return Period(table, split_ms)


def _until(
    first: pa.RecordBatch, others: Iterator[pa.RecordBatch], end_ms: int
) -> Iterator[pa.RecordBatch]:
    """Yield batches, ordered by time, up to a time."""
    batch: pa.RecordBatch | None = first
    while batch is not None:
        kept = batch.filter(pc.less(batch["timestamp_ms"], end_ms))
        yield kept
        batch = next(others, None) if kept.num_rows == batch.num_rows else None


def _train(
    history: History, period: Period, settings: HandbookSettings, progress: Progress
) -> Path:
    """Train on what lies before the split; the models are fitted once more on all of that."""
    known = history.before(period.split_ms)
    if settings.only_known_labels:
        known = known.known_at(period.split_ms, settings.label_delay_ms)
    before = period.table.filter(pc.less(period.table["timestamp_ms"], period.split_ms))
    origin = Origin(settings.data.name, table_sha256(before), "./cardwatch bench handbook")
    destination = Destination(settings.folder / "models", _NAME)
    chosen = Settings(label_delay_ms=settings.label_delay_ms, refit=True)
    return train(known, chosen, origin, destination, progress)


def _stream(
    job: RunningJob, period: Period, settings: HandbookSettings, progress: Progress
) -> None:
    """Send the history, wait until it is decided, then send the days that are judged."""
    before, after = period.counts
    progress(f"sending {before:,} payments of history with their labels")
    _send(job, period, settings, Selection(until_ms=period.split_ms), None)
    job.wait_for_decisions(before, progress)
    progress(f"streaming {after:,} payments, labels {settings.label_delay_ms // DAY_MS} days late")
    end_ms = int(period.table["timestamp_ms"][-1].as_py()) + 1
    _send(job, period, settings, Selection(period.split_ms, end_ms), settings.per_s)
    job.wait_for_decisions(before + after, progress)
    for topic in (DECISIONS, ALERTS, LABEL_RECEIPTS):
        wait_until_settled(job.stack.kafka, topic.name)


def _send(
    job: RunningJob,
    period: Period,
    settings: HandbookSettings,
    selection: Selection,
    per_s: float | None,
) -> None:
    labels = LabelSettings(delay_ms=settings.label_delay_ms)
    how = RunSettings(selection, labels, Pace(per_s=per_s))
    summary = to_kafka(iter(period.table.to_batches()), how, KafkaSettings(job.stack.kafka))
    if summary.stopped or summary.failed:
        raise BenchmarkError(f"Sending ended early: {summary.stopped or summary.failed}.")


def _judge(job: RunningJob, period: Period, history: History, bundle: Bundle) -> HandbookResults:
    """Hold the decisions against the truth and against the replay."""
    stream = read_stream(job.stack.kafka)
    own = [each for each in stream.decisions if each.timestamp_ms >= period.split_ms]
    alerts = [each for each in read_alerts(job.stack.kafka) if each.timestamp_ms >= period.split_ms]
    levels = [each.risk_level for each in alerts]
    before, after = period.counts
    return HandbookResults(
        model=bundle.manifest.model,
        history_payments=before,
        streamed_payments=after,
        history_tx_per_s=_rate(stream.decisions, 0, period.split_ms, _WARM_SHARE),
        stream_tx_per_s=_rate(stream.decisions, period.split_ms, NEVER_MS, 0.0),
        streamed=_judge_decisions(own, period, bundle),
        replayed=_judge_replay(history, period, bundle),
        alerts={level: levels.count(level) for level in ALERT_LEVELS},
        parity=compare(stream, bundle),
    )


def _rate(decisions: Sequence[Decision], from_ms: int, until_ms: int, skipped: float) -> float:
    """Return the median rate at which payments of a time were decided, the first share skipped."""
    times = sorted(one.decided_ms for one in decisions if from_ms <= one.timestamp_ms < until_ms)
    return median_rate(times[round(skipped * len(times)) :])


def _judge_decisions(decisions: list[Decision], period: Period, bundle: Bundle) -> Judgement:
    """Judge decisions in order of time against the labels of the file."""
    decisions.sort(key=lambda each: each.timestamp_ms)
    names = period.table["transaction_id"].to_pylist()
    truth = dict(zip(names, period.table["is_fraud"].to_pylist(), strict=True))
    cards = {name: number for number, name in enumerate({one.card_id for one in decisions})}
    return judge(
        targets=np.array([truth[one.transaction_id] for one in decisions], dtype=np.int8),
        scores=np.array([one.probability for one in decisions], dtype=np.float32),
        cards=np.array([cards[one.card_id] for one in decisions], dtype=np.int64),
        times_ms=np.array([one.timestamp_ms for one in decisions], dtype=np.int64),
        thresholds=bundle.manifest.thresholds,
    )


def _judge_replay(history: History, period: Period, bundle: Bundle) -> Judgement:
    """Judge the same days as the offline replay scores them."""
    rows = slice(int(np.searchsorted(history.times_ms, period.split_ms)), None)
    return judge(
        targets=history.targets[rows],
        scores=bundle.scorer.score(history.features[rows]).probability,
        cards=history.cards[rows],
        times_ms=history.times_ms[rows],
        thresholds=bundle.manifest.thresholds,
    )
