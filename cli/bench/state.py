"""`cardwatch bench state`: what millions of cards, and long histories of one, cost."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from benchmarks.state import report
from benchmarks.state.backends import BACKENDS
from benchmarks.state.history import first_compactions, measure_history
from benchmarks.state.results import StateResult
from benchmarks.state.run import StateSettings, measure
from benchmarks.state.sizing import Measured, Wanted, needs
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    Listed,
    bundle_option,
    keep_option,
    models_option,
    own_folder_option,
    resolve_bundle,
)
from cli.console import Output
from cli.options import GroupedCommand, in_group, json_option, output_options
from harness.calibration import Calibrations
from harness.errors import BenchmarkError
from harness.job import Progress
from harness.machine import provenance
from stack.installation import Installation

DEFAULTS = StateSettings(folder=BENCH_FOLDER, bundle=ROOT)
LOADS = (1_000, 10_000, 100_000)

EXAMPLE = """\b
Examples:
  ./cardwatch bench state                                a million cards on each backend
  ./cardwatch bench state --cards 10000000 --backend changelog --json large.json
  ./cardwatch bench state --history                      1 to 3,000 payments of one card
  ./cardwatch bench state --sizing                       what other loads need, on paper

Ten million cards take 25 minutes and 20 GB of disk on the changelog. Plain RocksDB does not
reach ten million (docs/state.md)."""

_measured = in_group("Measurement")


@click.command("state", cls=GroupedCommand, epilog=EXAMPLE)
@_measured(
    "--cards", type=click.IntRange(5_000), default=DEFAULTS.cards, help="Number of known cards."
)
@_measured(
    "--backend",
    "backends",
    type=Listed(tuple(BACKENDS)),
    default=",".join(BACKENDS),
    help="State backends to measure, one after the other.",
)
@_measured(
    "--payments",
    type=click.IntRange(1_000),
    default=DEFAULTS.payments,
    help="Number of payments, spread evenly over all cards.",
)
@_measured(
    "--warm-up",
    type=click.IntRange(1_000),
    default=DEFAULTS.warm_up,
    help="Number of payments that warm the job up.",
)
@_measured(
    "--history",
    is_flag=True,
    help="Measure only bytes and CPU over the number of payments of one card.",
)
@_measured(
    "--sizing",
    is_flag=True,
    help="Compute only what loads of 1 to 100 thousand payments a second need.",
)
@bundle_option
@models_option
@own_folder_option
@keep_option
@json_option
@output_options
def state_command(
    folder: Path,
    bundle: str,
    models: Path,
    cards: int,
    backends: tuple[str, ...],
    payments: int,
    warm_up: int,
    history: bool,
    sizing: bool,
    keep: bool,
    json_path: str | None,
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
        _history(json_path, out)
        return
    if sizing:
        _sizing(json_path, out)
        return
    settings = StateSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        cards=cards,
        payments=payments,
        warm_up=warm_up,
        keep=keep,
    )
    _at_size(settings, backends, json_path, out)


def _at_size(
    settings: StateSettings, backends: tuple[str, ...], json_path: str | None, out: Output
) -> None:
    calibrations, results = Calibrations(), list[StateResult]()
    try:
        with out.steps() as step:
            for name in backends:
                with calibrations.around(name):
                    results.append(measure(BACKENDS[name], settings, _named(name, step)))
                if json_path and json_path != "-":  # minutes of work: keep what there is
                    out.json(json_path, _to_json(results, calibrations, settings))
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from None
    if json_path == "-":
        out.json(json_path, _to_json(results, calibrations, settings))
    else:
        out.table(("figure", *(one.backend for one in results)), report.rows(results))
        out.say(f"Calibration loop: {calibrations.median_ms:.0f} ms")
    if not all(one.complete for one in results):
        raise click.ClickException(
            "Some payments have no decision, or more than one: these figures do not count."
        )


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


def _history(json_path: str | None, out: Output) -> None:
    calibrations = Calibrations()
    with out.steps() as step, calibrations.around("history"):
        step("compiling the features, then timing them")
        costs, compactions = measure_history(), first_compactions()
    if json_path:
        told = {"history": costs, "compactions": compactions}
        out.json(
            json_path,
            {
                **msgspec.to_builtins(told),
                "calibration_ms": round(calibrations.median_ms, 1),
                **msgspec.to_builtins(provenance(Installation())),
            },
        )
    if json_path != "-":
        out.table(report.HISTORY_COLUMNS, report.history_rows(costs))
        for one in compactions:
            out.say(report.compaction_sentence(one))
        out.say(f"Calibration loop: {calibrations.median_ms:.0f} ms")


def _sizing(json_path: str | None, out: Output) -> None:
    columns = [list(needs(Wanted(load), Measured())) for load in LOADS]
    if json_path:
        out.json(
            json_path,
            {
                "measured": msgspec.to_builtins(Measured()),
                "needs": {
                    str(load): msgspec.to_builtins(column)
                    for load, column in zip(LOADS, columns, strict=True)
                },
            },
        )
    if json_path != "-":
        out.table(
            (
                "a billion cards, ten million merchants",
                *(f"{load:,}/s" for load in LOADS),
                "formula",
            ),
            [
                (each[0].name, *(_shown(one.value, one.unit) for one in each), each[0].formula)
                for each in zip(*columns, strict=True)
            ],
        )


def _shown(value: float, unit: str) -> str:
    digits = 0 if value >= 10 or value == int(value) else 1
    return f"{value:,.{digits}f} {unit}".strip()
