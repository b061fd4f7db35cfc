"""One run of `./cardwatch bench`: a stack of its own, then each measurement in turn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.ceiling import measure_ceiling
from benchmarks.results import CORE_HOUR_USD, Results
from benchmarks.state.size import checkpoint_bytes_per_card, typical_card_bytes
from harness.calibration import calibrate
from harness.job import Progress, RunningJob, running_job
from harness.latency_run import measure_latency, payments_sent
from harness.load import Load, days_of, send_all
from harness.machine import provenance
from harness.own_stack import own_stack
from harness.throughput import measure_throughput
from jobs.settings import DEFAULT_ENGINE, Engine
from stack.services.embedded import Stack


@dataclass(frozen=True)
class BenchSettings:
    """Settings: `payments` are measured behind `warm_up` others, each `rate` for `seconds`.

    Latency is measured with the first of `engines`. Rates are in payments a second. The folder is
    the run's own and removed after it, unless `keep`.
    """

    folder: Path
    bundle: Path
    payments: int = 300_000
    warm_up: int = 100_000
    engines: tuple[Engine, ...] = (DEFAULT_ENGINE,)
    rates: tuple[int, ...] = (500, 2_000, 10_000)
    seconds: int = 20
    parallelism: int = 1
    core_hour_usd: float = CORE_HOUR_USD
    keep: bool = False


def run(settings: BenchSettings, progress: Progress) -> Results:
    """Measure everything that the settings ask for.

    BenchmarkError where a measurement cannot be made, StackError where the stack does not start.
    """
    with own_stack(settings.folder, settings.parallelism, settings.keep, progress) as stack:
        results = Results(provenance(stack.install), _shown(settings))
        results.core_hour_usd = settings.core_hour_usd
        return _measure(stack, settings, results, progress)


def _measure(
    stack: Stack, settings: BenchSettings, results: Results, progress: Progress
) -> Results:
    waiting = settings.warm_up + settings.payments
    load = Load(days_of(waiting + payments_sent(settings.rates, settings.seconds)))
    progress(f"sending {waiting:,} payments ahead")
    send_all(stack.kafka, load.take(waiting))
    results.state_bytes_per_card = typical_card_bytes()
    for engine in settings.engines:
        before_ms = calibrate()
        progress(f"{engine} engine: submitting the job")
        with running_job(stack, settings.bundle, settings.parallelism, engine) as job:
            results.throughput[engine] = measure_throughput(
                job, waiting, settings.warm_up, settings.payments, progress
            )
            results.calibrations.note(f"throughput {engine}", before_ms)
            if engine == settings.engines[0]:
                cards = results.throughput[engine].cards
                _measure_latencies(job, cards, load, settings, results, progress)
    progress("the bare loop: the same code with nothing around it")
    with results.calibrations.around("ceiling"):
        results.ceiling = measure_ceiling(
            stack, settings.bundle, settings.payments, settings.warm_up
        )
    return results


def _measure_latencies(
    job: RunningJob,
    cards: int,
    load: Load,
    settings: BenchSettings,
    results: Results,
    progress: Progress,
) -> None:
    """Measure what needs a warm job with nothing waiting: its state, and latency at each rate."""
    results.checkpoint_bytes_per_card = checkpoint_bytes_per_card(job.stack.flink, job.id, cards)
    for rate in settings.rates:
        progress(f"latency at {rate:,}/s for {settings.seconds} s")
        with results.calibrations.around(f"latency {rate}/s"):
            results.latency[rate] = measure_latency(job.stack.kafka, load, rate, settings.seconds)


def _shown(settings: BenchSettings) -> dict[str, object]:
    """Return the settings as the results name them, without this machine's paths."""
    model = "/".join(settings.bundle.parts[-2:])
    return {**asdict(settings), "folder": None, "bundle": model}
