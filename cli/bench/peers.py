"""`cardwatch bench peers`: other systems on the same work, beside the job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from benchmarks.peers import report
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.measure import PeerResult, PeerSettings, measure
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    measured,
    payments_option,
    resolve_bundle,
    result_options,
    seconds_option,
    stack_options,
    warm_up_option,
)
from cli.console import Output, as_sentence
from cli.options import GroupedCommand
from cli.recording import Recorder
from harness.calibration import Calibrations
from harness.errors import BenchmarkError
from harness.machine import provenance
from stack.installation import Installation

DEFAULTS = PeerSettings(folder=BENCH_FOLDER, bundle=ROOT)

EXAMPLE = """\b
Examples:
  ./cardwatch bench peers --json peers.json            all of them, some minutes each
  ./cardwatch bench peers --peer job --peer quix       two of them
  ./cardwatch bench peers --payments 20000 --warm-up 10000 --peer bytewax

Each peer has a broker of its own with the same payments. Its packages are installed when it is
first asked for, below .cardwatch/peers; the environment of the product stays as it is."""


@click.command("peers", cls=GroupedCommand, epilog=EXAMPLE)
@measured(
    "--peer",
    "names",
    type=click.Choice(list(PEERS)),
    multiple=True,
    default=tuple(PEERS),
    show_default="all",
    help="Name of a system to measure. Repeatable.",
)
@payments_option(DEFAULTS.payments)
@warm_up_option(DEFAULTS.warm_up)
@measured(
    "--rate",
    type=click.IntRange(1),
    default=DEFAULTS.rate,
    help="Payments a second at which latency is measured.",
)
@seconds_option(
    DEFAULTS.seconds, "Seconds at that rate, measured once without and once with a kill."
)
@stack_options
@result_options
def peers_command(
    folder: Path,
    bundle: str,
    models: Path,
    names: tuple[str, ...],
    payments: int,
    warm_up: int,
    rate: int,
    seconds: int,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Measure other stream processors on the same payments, features and model as the job.

    For each system: the drain of a backlog, latency at a steady rate, and SIGKILL in the middle
    with a restart. Then it counts decisions that were lost, doubled, or made from a wrong state.
    Prints a table. Exits with 1 where a system could not be measured.
    """
    settings = PeerSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        payments=payments,
        warm_up=warm_up,
        rate=rate,
        seconds=seconds,
        keep=keep,
    )
    calibrations = Calibrations()
    results: list[PeerResult] = []
    with as_sentence(BenchmarkError), out.steps() as step:
        for name in dict.fromkeys(names):
            with calibrations.around(name):
                results.append(measure(PEERS[name], settings, step))
            if json_path and json_path != "-":  # minutes of work: keep what there is
                out.json(json_path, _to_json(results, calibrations, settings))
            if results[-1].interrupted:
                break
    told = _to_json(results, calibrations, settings)
    out.result(json_path, told, lambda: _show(results, out))
    failed = [one.name for one in results if one.problem]
    if failed:
        raise click.ClickException(f"Could not be measured to the end: {', '.join(failed)}.")
    record("bench peers", told, out)


def _show(results: list[PeerResult], out: Output) -> None:
    out.table(report.COLUMNS, report.rows(results))
    for line in report.remarks(results):
        out.say(line)


def _to_json(
    results: list[PeerResult], calibrations: Calibrations, settings: PeerSettings
) -> dict[str, Any]:
    """Return the figures of each peer with what was asked, the machine and the commit."""
    return {
        "peers": report.to_json(results),
        "calibration_ms": round(calibrations.median_ms, 1),
        "calibration_loops_ms": calibrations.loops_ms,
        "settings": {
            "payments": settings.payments,
            "warm_up": settings.warm_up,
            "rate_tx_per_s": settings.rate,
            "seconds": settings.seconds,
        },
        **msgspec.to_builtins(provenance(Installation())),
    }
