"""`cardwatch bench state`: what millions of cards, and long histories of one, cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from benchmarks.figures.record import RECORD, read_runs
from benchmarks.figures.state_tables import (
    COLUMNS,
    HISTORY,
    LOADS,
    SIZING,
    TEN_MILLION,
    state_run,
)
from benchmarks.state import report
from benchmarks.state.backends import BACKENDS
from benchmarks.state.history import (
    Compaction,
    HistoryCost,
    first_compactions,
    measure_history,
)
from benchmarks.state.results import StateResult
from benchmarks.state.run import StateSettings, measure
from benchmarks.state.sizing import Measured, Need, Wanted, needs
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    Listed,
    measured,
    payments_option,
    refuse_incomplete,
    resolve_bundle,
    result_options,
    stack_options,
    warm_up_option,
)
from cli.console import Output, as_sentence
from cli.options import GroupedCommand
from cli.recording import Recorder
from harness.calibration import Calibrations
from harness.errors import BenchmarkError
from harness.job import Progress
from harness.machine import provenance
from stack.installation import Installation

DEFAULTS = StateSettings(folder=BENCH_FOLDER, bundle=ROOT)

EXAMPLE = """\b
Examples:
  ./cardwatch bench state                                a million cards on each backend
  ./cardwatch bench state --cards 10000000 --backend changelog --json large.json
  ./cardwatch bench state --history                      1 to 3,000 payments of one card
  ./cardwatch bench state --sizing                       what other loads need, on paper

Ten million cards take 25 minutes and 20 GB of disk on the changelog. Plain RocksDB does not
reach ten million (docs/state.md)."""


@click.command("state", cls=GroupedCommand, epilog=EXAMPLE)
@measured(
    "--cards", type=click.IntRange(5_000), default=DEFAULTS.cards, help="Number of known cards."
)
@measured(
    "--backend",
    "backends",
    type=Listed(tuple(BACKENDS)),
    default=",".join(BACKENDS),
    help="State backends to measure, one after the other.",
)
@payments_option(DEFAULTS.payments, "Number of payments, spread evenly over all cards.")
@warm_up_option(DEFAULTS.warm_up, "Number of payments that warm the job up.", least=1_000)
@measured(
    "--merchants",
    type=click.IntRange(1),
    default=DEFAULTS.merchants,
    help="Number of merchants at least; one for 50 cards where that is more.",
)
@measured(
    "--hot-merchant",
    "hot_percent",
    type=click.IntRange(0, 100),
    default=DEFAULTS.hot_percent,
    help="Percentage of the payments that are at one merchant.",
)
@measured(
    "--history",
    is_flag=True,
    help="Measure only bytes and CPU over the number of payments of one card.",
)
@measured(
    "--sizing",
    is_flag=True,
    help="Compute only what loads of 1 to 100 thousand payments a second need.",
)
@stack_options
@result_options
def state_command(
    folder: Path,
    bundle: str,
    models: Path,
    cards: int,
    backends: tuple[str, ...],
    payments: int,
    warm_up: int,
    merchants: int,
    hot_percent: int,
    history: bool,
    sizing: bool,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Measure the job with millions of cards: throughput, checkpoints and restore.

    Each state backend has a stack of its own. First each of --cards makes one payment, and
    throughput is measured while the cards become known. Then --payments are spread evenly over the
    cards, and checkpoints are measured. Then the job is cancelled and resumes from its newest
    checkpoint. Prints a table. Exits with 1 where a decision was lost or doubled.
    """
    if history and sizing:
        raise click.UsageError("--history and --sizing are tables of their own: give one.")
    if history:
        _history(json_path, record, out)
        return
    if sizing:
        _sizing(json_path, record, out)
        return
    settings = StateSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        cards=cards,
        payments=payments,
        warm_up=warm_up,
        merchants=merchants,
        hot_percent=hot_percent,
        keep=keep,
    )
    _at_size(settings, backends, json_path, record, out)


def _at_size(
    settings: StateSettings,
    backends: tuple[str, ...],
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Measure each backend, and record each by itself where all of its payments were decided."""
    calibrations, results = Calibrations(), list[StateResult]()
    with as_sentence(BenchmarkError), out.steps() as step:
        for name in backends:
            with calibrations.around(name):
                results.append(measure(BACKENDS[name], settings, _named(name, step)))
            if json_path and json_path != "-":  # minutes of work: keep what there is
                out.json(json_path, _to_json(results, calibrations, settings))
            if results[-1].complete:
                record(state_run(name, settings.cards), report.to_json(results)[name], out)
    told = _to_json(results, calibrations, settings)
    out.result(json_path, told, lambda: _show(results, calibrations, out))
    refuse_incomplete(complete=all(one.complete for one in results))


def _show(results: list[StateResult], calibrations: Calibrations, out: Output) -> None:
    out.table(("figure", *(one.backend for one in results)), report.rows(results))
    out.say(f"Calibration loop: {calibrations.median_ms:.0f} ms")


def _named(name: str, step: Progress) -> Progress:
    return lambda text: step(f"{name}: {text}")


def _to_json(
    results: list[StateResult], calibrations: Calibrations, settings: StateSettings
) -> dict[str, object]:
    return {
        "backends": report.to_json(results),
        "calibration_ms": round(calibrations.median_ms, 1),
        "calibration_loops_ms": calibrations.loops_ms,
        "settings": {
            "cards": settings.cards,
            "payments": settings.payments,
            "warm_up": settings.warm_up,
        },
        **msgspec.to_builtins(provenance(Installation())),
    }


def _history(json_path: str | None, record: Recorder, out: Output) -> None:
    calibrations = Calibrations()
    with out.steps() as step, calibrations.around("history"):
        step("compiling the features, then timing them")
        costs, compactions = measure_history(), first_compactions()
    told = {
        **msgspec.to_builtins({"history": costs, "compactions": compactions}),
        "calibration_ms": round(calibrations.median_ms, 1),
        **msgspec.to_builtins(provenance(Installation())),
    }
    out.result(json_path, told, lambda: _show_history(costs, compactions, calibrations, out))
    record(HISTORY, told, out)


def _show_history(
    costs: list[HistoryCost],
    compactions: list[Compaction],
    calibrations: Calibrations,
    out: Output,
) -> None:
    out.table(report.HISTORY_COLUMNS, report.history_rows(costs))
    for one in compactions:
        out.say(report.compaction_sentence(one))
    out.say(f"Calibration loop: {calibrations.median_ms:.0f} ms")


def _sizing(json_path: str | None, record: Recorder, out: Output) -> None:
    measured = _measured()
    columns = {str(load): list(needs(Wanted(load), measured)) for load in LOADS}
    told = msgspec.to_builtins({"measured": measured, "needs": columns})
    out.result(json_path, told, lambda: _show_sizing(columns, out))
    record(SIZING, told, out)


def _measured() -> Measured:
    """Return what the recorded run with ten million cards on the changelog measured."""
    run = read_runs(ROOT / RECORD).get(TEN_MILLION)
    if run is None:
        raise click.ClickException(
            f"The sizing starts from the run {TEN_MILLION!r}, which {RECORD} does not have: record "
            f"that run with {COLUMNS[TEN_MILLION][1]}."
        )
    return Measured.of(run.result)


def _show_sizing(columns: Mapping[str, list[Need]], out: Output) -> None:
    out.table(
        (
            "a billion cards, ten million merchants",
            *(f"{load:,}/s" for load in LOADS),
            "formula",
        ),
        [
            (
                each[0].name,
                *(report.need_value(one.value, one.unit) for one in each),
                each[0].formula,
            )
            for each in zip(*columns.values(), strict=True)
        ],
    )
