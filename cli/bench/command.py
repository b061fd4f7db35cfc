"""`cardwatch bench`: measure what the README quotes, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from benchmarks import report
from benchmarks.hot_path import StepCost, measure_hot_path
from benchmarks.run import BenchSettings, run
from cli.bench.compare import compare_command
from cli.bench.handbook import handbook_command
from cli.bench.options import (
    BENCH_FOLDER,
    JOB,
    ROOT,
    Listed,
    bundle_option,
    measured,
    models_option,
    payments_option,
    rates_option,
    refuse_incomplete,
    resolve_bundle,
    result_options,
    seconds_option,
    stack_options,
    warm_up_option,
)
from cli.bench.peers import peers_command
from cli.bench.soak import soak_command
from cli.bench.state import state_command
from cli.bench.threads import threads_command
from cli.console import Output, as_sentence
from cli.options import GroupedGroup, in_group
from cli.recording import Recorder
from harness.calibration import Calibrations
from harness.errors import BenchmarkError
from jobs.settings import ENGINES, Engine
from scoring.loader import load_bundle

DEFAULTS = BenchSettings(folder=BENCH_FOLDER, bundle=ROOT)
QUICK_PAYMENTS, QUICK_WARM_UP, QUICK_SECONDS = 30_000, 30_000, 5

EXAMPLE = """\b
Examples:
  ./cardwatch bench --json bench.json              everything, about seven minutes
  ./cardwatch bench --quick                        a rough idea, about three minutes
  ./cardwatch bench --engines batch,pyflink --rates 500
  ./cardwatch bench hot-path                       where each microsecond goes
  ./cardwatch bench threads                        who takes the cores' time
  ./cardwatch bench compare                        both engines of the job, in both orders
  ./cardwatch bench handbook                       the Handbook's data through the running job
  ./cardwatch bench peers                          other systems on the same work
  ./cardwatch bench soak                           whether it stays as it is for an hour
  ./cardwatch bench state --cards 1000000          many cards: checkpoints, restore, throughput

The calibration loop measures the machine: compare runs only where its time agrees."""

_job = in_group(JOB)


@click.group("bench", cls=GroupedGroup, invoke_without_command=True, epilog=EXAMPLE)
@measured("--quick", is_flag=True, help="Take fewer payments and seconds, for a rough idea.")
@payments_option(DEFAULTS.payments)
@warm_up_option(DEFAULTS.warm_up)
@rates_option(
    DEFAULTS.rates,
    "Payments a second at which latency is measured, with the first of the engines.",
)
@seconds_option(DEFAULTS.seconds)
@measured(
    "--core-hour-usd",
    type=click.FloatRange(0, min_open=True),
    default=DEFAULTS.core_hour_usd,
    help="Price of a core for an hour, in US dollars.",
)
@_job(
    "--engines",
    type=Listed(ENGINES),
    default=",".join(DEFAULTS.engines),
    help="Engines of the job to measure.",
)
@_job(
    "--parallelism",
    type=click.IntRange(1),
    default=1,
    help="Parallelism of the job; each step takes two TaskManagers.",
)
@stack_options
@result_options
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    bundle: str,
    models: Path,
    payments: int,
    warm_up: int,
    engines: tuple[str, ...],
    rates: tuple[str, ...],
    seconds: int,
    parallelism: int,
    core_hour_usd: float,
    quick: bool,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Measure throughput, latency, CPU cost and state size of the job on this machine.

    Needs nothing: the run has a stack of its own. Leave the machine alone meanwhile. Throughput and
    CPU are those of the warm job with each engine: a decision for every payment, exactly once.
    Latency runs from the scheduled send to the poll, early and committed. State is in bytes a card.
    A bare Kafka loop with the same code is the ceiling. Prints a table, where a missed target is
    marked "missed". Exits with 1 where a decision was lost or doubled.
    """
    if ctx.invoked_subcommand is not None:
        return
    if quick and record:
        raise click.UsageError("--quick gives a rough idea, and no figure to record: give one.")
    settings = BenchSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        payments=QUICK_PAYMENTS if quick else payments,
        warm_up=QUICK_WARM_UP if quick else warm_up,
        engines=cast(tuple[Engine, ...], engines),
        rates=tuple(map(int, rates)),
        seconds=QUICK_SECONDS if quick else seconds,
        parallelism=parallelism,
        core_hour_usd=core_hour_usd,
        keep=keep,
    )
    with as_sentence(BenchmarkError), out.steps() as step:
        results = run(settings, step)
    told = results.to_json()
    out.result(json_path, told, lambda: out.table(report.COLUMNS, report.rows(results)))
    refuse_incomplete(complete=results.complete)
    record("bench", told, out)


@command.command("hot-path")
@bundle_option
@models_option
@payments_option(20_000, "Number of payments that are timed, five times each.", least=100)
@result_options
def hot_path_command(
    bundle: str,
    models: Path,
    payments: int,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Measure each step of a batch of payments, on one core, without Kafka and Flink.

    Needs nothing. Prints the CPU time of each step in microseconds.
    """
    calibrations = Calibrations()
    with out.steps() as step:
        step("a month of payments first, so that cards have their history")
        with calibrations.around("hot path"):
            costs = measure_hot_path(load_bundle(resolve_bundle(models, bundle)), payments)
    told = _hot_path_json(costs, calibrations)
    out.result(json_path, told, lambda: _show_hot_path(costs, calibrations, out))
    record("bench hot-path", told, out)


def _show_hot_path(costs: list[StepCost], calibrations: Calibrations, out: Output) -> None:
    rows = [(one.stage, one.step, f"{one.us:.2f}", f"{one.each_us:.2f}") for one in costs]
    total = ("", "together", f"{sum(one.us for one in costs):.2f}", "")
    out.table(("stage", "step", "CPU us a payment", "each time"), [*rows, total])
    out.say(f"Calibration loop: {calibrations.median_ms:.0f} ms")


def _hot_path_json(costs: list[StepCost], calibrations: Calibrations) -> dict[str, object]:
    return {
        "steps_us_per_payment": {f"{one.stage}: {one.step}": round(one.us, 3) for one in costs},
        "steps_us_each_time": {f"{one.stage}: {one.step}": round(one.each_us, 3) for one in costs},
        "us_per_payment": round(sum(one.us for one in costs), 3),
        "calibration_ms": round(calibrations.median_ms, 1),
    }


command.add_command(compare_command)
command.add_command(handbook_command)
command.add_command(peers_command)
command.add_command(soak_command)
command.add_command(state_command)
command.add_command(threads_command)
