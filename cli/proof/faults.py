"""`cardwatch faults`: break things on purpose, and prove that nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from benchmarks.figures.record import update
from cli.bench.options import (
    bundle_option,
    keep_option,
    models_option,
    resolve_bundle,
)
from cli.console import Output, as_sentence
from cli.options import GroupedCommand, in_group, json_option, output_options
from cli.recording import Recorder, recording_in
from harness.errors import BenchmarkError
from harness.machine import provenance
from stack.installation import RUN_FOLDER, Installation
from verify.faults.catalogue import FAULTS, find_fault
from verify.faults.fault import Fault
from verify.faults.ground import UnfitError
from verify.faults.record import FAULTS_RECORD, bound, with_runs
from verify.faults.results import FaultResult, RunResult
from verify.faults.run import FaultSettings, run_fault

EXAMPLE = """\b
Examples:
  ./cardwatch faults --list
  ./cardwatch faults kill-taskmanager --seeds 3
  ./cardwatch faults kill-taskmanager --control
  ./cardwatch faults --json faults.json                 all of them, which takes hours

\b
What a run does:
  It sends payments through the real job on a stack of its own, and does the fault at a moment
  that the seed chooses. Then it judges what a read_committed subscriber sees, by the producer's
  log and by an offline replay: every payment once, in order, every feature and score bit for
  bit, no transaction left open. A control run has exactly-once turned off and must be found
  wrong. docs/faults.md describes each fault and has the table of all runs so far.

\b
Exit status 1:
  a run did not hold, or a control found nothing"""

_runs = in_group("Runs")


@click.command("faults", cls=GroupedCommand, epilog=EXAMPLE)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@_runs(
    "--list",
    "listed",
    is_flag=True,
    show_envvar=False,
    help="List every fault with a sentence, and end.",
)
@_runs(
    "--seeds",
    type=click.IntRange(1),
    show_envvar=False,
    help="Number of runs of each fault. Default: the fault's own.",
)
@_runs("--first-seed", type=click.IntRange(0), default=0, help="First seed; later seeds count up.")
@_runs(
    "--control",
    is_flag=True,
    show_envvar=False,
    help="Run the controls: exactly-once off, or what else a control turns off.",
)
@in_group("Stack of the run")(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=RUN_FOLDER / "faults",
    show_default=".cardwatch/faults",
    help="Folder of the runs' own stacks; what an earlier run left there is removed.",
)
@bundle_option
@models_option
@keep_option
@json_option
@recording_in(FAULTS_RECORD)
@output_options
def command(
    names: tuple[str, ...],
    seeds: int | None,
    first_seed: int,
    control: bool,
    listed: bool,
    folder: Path,
    bundle: str,
    models: Path,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Break the running system on purpose, and prove that nothing is lost or doubled.

    NAME is a fault of --list, such as kill-taskmanager; without a name every fault runs. Needs
    nothing: each run starts a stack of its own. Prints a table of what each run found.
    """
    if listed:
        out.table(("fault", "kind", "what"), [(f.name, f.kind, f.about) for f in FAULTS])
        return
    faults = _chosen(names, control)
    model = resolve_bundle(models, bundle)
    results = []
    for fault in faults:
        settings = FaultSettings(
            folder=folder.resolve(),
            bundle=model,
            seeds=range(first_seed, first_seed + (seeds or (1 if control else fault.runs))),
            control=control,
            keep=keep,
        )
        results.append(_run(fault, settings, record, out))
    out.result(json_path, _to_json(results), lambda: show(results, out))
    failed = [result.name for result in results if not result.held]
    if failed:
        what = "The judge found nothing wrong in the control of" if control else "Did not hold:"
        raise click.ClickException(f"{what} {', '.join(failed)}.")


def _chosen(names: tuple[str, ...], control: bool) -> list[Fault]:
    try:
        chosen = [find_fault(name) for name in names] or list(FAULTS)
    except BenchmarkError as error:
        raise click.UsageError(str(error)) from None
    return chosen if names or not control else [fault for fault in chosen if fault.control]


def _run(fault: Fault, settings: FaultSettings, record: Recorder, out: Output) -> FaultResult:
    """Run one fault and tell of each run as it ends."""

    def tell(run: RunResult) -> None:
        out.say(f"{fault.name}, seed {run.seed}: {_in_words(run)}")

    with as_sentence(BenchmarkError):
        try:
            with out.steps() as step:
                result = run_fault(fault, settings, step, tell)
        except UnfitError as lacking:
            out.say(f"{fault.name}: skipped. {lacking}")
            return FaultResult(fault.name, settings.control, skipped=str(lacking))
        if record.measuring is not None:
            record.measuring.check_unchanged()
            _record(record, result, out)
    return result


def _record(record: Recorder, result: FaultResult, out: Output) -> None:
    """Add runs to the record of the fault suite, in which the runs of a fault add up."""
    where = provenance(Installation())
    update(record.root / FAULTS_RECORD, lambda known: with_runs(known, result, where))
    record.write_pages(f"Recorded in {FAULTS_RECORD}: {result.name}.", out)


def _in_words(run: RunResult) -> str:
    if run.verdict is None:
        return f"no result: {run.error}"
    verdict = run.verdict
    recovered = "never" if run.recovery_s is None else f"{run.recovery_s:.1f} s"
    told = (
        f"{verdict.payments:,} payments, {verdict.lost} lost, {verdict.duplicated} doubled, "
        f"{verdict.out_of_order} out of order, {verdict.features_differing} features and "
        f"{verdict.scores_differing} scores differing, committed again after {recovered}"
    )
    notes = ", ".join(f"{name} {value}" for name, value in run.notes.items())
    told += f" ({notes})" if notes else ""
    return told + (f"; WRONG: {'; '.join(run.problems)}" if run.problems else "")


def _to_json(results: list[FaultResult]) -> dict[str, object]:
    return {
        "faults": {result.name: result.to_json() for result in results},
        "provenance": msgspec.to_builtins(provenance(Installation())),
    }


def show(results: list[FaultResult], out: Output) -> None:
    """Print a line for each fault."""
    columns = (
        "fault",
        "runs",
        "payments",
        "lost",
        "doubled",
        "out of order",
        "features, scores differing",
        "open transactions",
        "recovery, median and max",
        "failures, at most",
        "held",
    )
    out.table(columns, [_row(result) for result in results])


def _row(result: FaultResult) -> tuple[object, ...]:
    told = result.to_json()
    recovery = f"{told['recovery_median_s']} s, {told['recovery_max_s']} s"
    return (
        f"{result.name}{', control' if result.control else ''}",
        len(result.runs),
        f"{result.total('payments'):,}",
        told["lost"],
        told["duplicated"],
        told["out_of_order"],
        f"{told['features_differing']}, {told['scores_differing']}",
        told["open_transactions"],
        recovery if result.recoveries_s else "-",
        "-"
        if result.control or result.skipped or not result.held
        else f"{bound(len(result.runs)):.0%}",
        _word(result),
    )


def _word(result: FaultResult) -> str:
    if result.skipped:
        return "skipped"
    if result.control:
        return "found" if result.held else "NOTHING FOUND"
    return "yes" if result.held else "NO"
