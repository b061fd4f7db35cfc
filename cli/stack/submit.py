"""`cardwatch submit`: hand the fraud detection job to the cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from cli.console import Output
from cli.options import GroupedCommand, folder_option, in_group, output_options, registry_option
from events.topics import INPUTS
from features import warm_up
from features.money.rates import RatesError
from jobs.settings import DEFAULT_ENGINE, ENGINES, ISOLATIONS, Engine, why_not_kept
from scoring.bundle.rates_file import rates_of
from scoring.loader import BundleError, find_bundle, load_bundle
from stack.clients.topics import require_topics
from stack.installation import RUN_FOLDER
from stack.services.embedded import Stack
from stack.submission.replace import make_room
from stack.submission.resume import Outlook, look_ahead, record
from stack.submission.snapshots import newest_snapshot
from stack.submission.submit import submit
from stack.submission.unread import Gap
from stack.submission.unread_record import remember_topics

ROOT = RUN_FOLDER.parent
JOB = ROOT / "jobs" / "fraud_detection.py"

EXAMPLE = """\b
Examples:
  ./cardwatch submit                                    start, or resume where the last job was
  ./cardwatch submit --replace --engine pyflink         stop, then go on in plain PyFlink
  ./cardwatch submit --replace --from-checkpoint        cancel a job that restarts, then go on
  ./cardwatch submit --fresh --bundle ensemble/1        forget the state, read the topics anew
  ./cardwatch submit --replace --rates rates.xml        go on with other exchange rates

\b
The command does the same as Flink's own client with the addresses of the running stack:
  flink run -d -py jobs/fraud_detection.py --bootstrap HOST:PORT --bundle onnx_models/ensemble/1"""

_model = in_group("Model")
_start = in_group("Start and state")
_job = in_group("Job")
_rare = in_group("Rarely needed")


def _checked_fields(
    _: click.Context, parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse here what the job would refuse after a minute."""
    for name in names:
        if why := why_not_kept(name):
            raise click.BadParameter(why, param=parameter)
    return names


@click.command("submit", cls=GroupedCommand, epilog=EXAMPLE)
@_model("--bundle", default="ensemble", help="Name of the model bundle, NAME or NAME/VERSION.")
@registry_option("Model")
@_start(
    "--replace", is_flag=True, help="Stop the running job with a savepoint and go on from there."
)
@_start("--fresh", is_flag=True, help="Start without state, from the beginning of the topics.")
@_start(
    "--savepoint",
    type=click.Path(exists=True, path_type=Path),
    help="Savepoint or checkpoint to start from. Default: the newest one of the stack.",
)
@_start(
    "--from-checkpoint",
    is_flag=True,
    help="Cancel the running job and go on from its newest checkpoint, with --replace. For a job "
    "that restarts and cannot take a savepoint.",
)
@_model(
    "--rates",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File of exchange rates in place of the bundle's, such as eurofxref-daily.xml of the "
    "European Central Bank; read once, at this start.",
)
@_job(
    "--engine",
    type=click.Choice(ENGINES),
    default=DEFAULT_ENGINE,
    help="Way of running the stages. batch: in batches of payments, through a small Java edge. "
    "pyflink: record by record in plain PyFlink, the slower reference; no jar of ours.",
)
@_job(
    "--parallelism",
    type=click.IntRange(min=1),
    help="Number of parallel copies of each stage. Default: as many as the cluster has room for.",
)
@_job(
    "--keep-field",
    "keep_fields",
    multiple=True,
    metavar="NAME",
    callback=_checked_fields,
    help="Unknown field of a payment that its decision keeps; all others are dropped. Repeatable.",
)
@_rare(
    "--isolation",
    type=click.Choice(ISOLATIONS),
    default="read_committed",
    help="Treatment of senders' Kafka transactions. read_committed: a payment, and all behind it "
    "in the partition, waits for the end of its transaction; an aborted payment is not decided. "
    "read_uncommitted: every payment is decided at once, aborted payments too.",
)
@_rare(
    "--accept-gap",
    is_flag=True,
    help="Start the job although it passes over payments that are still in a topic made anew.",
)
@folder_option
@output_options
def command(
    folder: Path,
    bundle: str,
    models: Path,
    rates: Path | None,
    engine: Engine,
    isolation: str,
    keep_fields: tuple[str, ...],
    parallelism: int | None,
    fresh: bool,
    replace: bool,
    from_checkpoint: bool,
    savepoint: Path | None,
    accept_gap: bool,
    out: Output,
) -> None:
    """Start the fraud detection job on the running cluster.

    Needs a running stack (`./cardwatch up`). The job resumes from the newest savepoint or
    checkpoint of the stack, so nothing is decided twice. With --fresh it starts over and decides
    every payment in the topics once more. Prints the job's id and where it resumes.

    Payments that the broker deleted before the job read them cannot be brought back. The job starts
    all the same, every gap is named, and the exit status is 1. `audit` names it again.
    """
    if fresh and (replace or savepoint):
        raise click.UsageError("--fresh forgets the state: leave out --replace and --savepoint.")
    if from_checkpoint and not replace:
        raise click.UsageError("--from-checkpoint says how a job is replaced: add --replace.")
    stack = Stack.attach(folder)
    with out.steps() as step:
        step("compiling the features and the reasons (once; kept for every process)")
        model = _checked(models, bundle, rates)
        require_topics(stack.kafka, *INPUTS)  # before a job is stopped for this one
        make_room(stack.flink, step, replace=replace, from_checkpoint=from_checkpoint)
        start = None if fresh else savepoint or newest_snapshot(stack.layout)
        outlook = look_ahead(stack.install, stack.layout, stack.kafka, start)
        if outlook.passed_over and not accept_gap:
            raise click.ClickException(_refused(outlook.passed_over))
        job_id = start_job(
            stack,
            model,
            step,
            "--isolation",
            isolation,
            *(f"--keep-field={name}" for name in keep_fields),
            *([] if rates is None else ["--rates", str(rates.absolute())]),
            engine=engine,
            parallelism=parallelism,
            start=start,
            outlook=outlook,
        )
    origin = "with no state" if start is None else f"from {start.name}"
    out.say(f"Job {job_id} runs ({engine} engine, {origin}); watch it at {stack.flink.url}")
    if outlook.unknown:
        out.say(f"Whether payments were deleted unread is not known: {outlook.unknown}.")
    if outlook.gaps:
        raise click.ClickException(
            f"{' '.join(map(str, outlook.gaps))} The job runs without them; docs/operations.md, "
            "Payments that were deleted unread, says what to do."
        )


def _checked(models: Path, name: str, rates: Path | None) -> Path:
    """Find the bundle and see that it and the rates load, before a running job is stopped."""
    try:
        found = find_bundle(models, name)
        warm_up()
        load_bundle(found)
        rates_of(found, rates)
    except (BundleError, RatesError) as error:
        raise click.ClickException(str(error)) from None
    return found


def _refused(gaps: Sequence[Gap]) -> str:
    """Say why a job is not started that would pass over payments which are still there."""
    return (
        f"{' '.join(map(str, gaps))} Nothing was started: --fresh forgets the state and reads "
        "both topics from their beginning; --accept-gap keeps the state and leaves these out."
    )


def start_job(
    stack: Stack,
    bundle: Path,
    step: Callable[[str], None],
    *more_arguments: str,
    engine: Engine = DEFAULT_ENGINE,
    parallelism: int | None = None,
    start: Path | None = None,
    outlook: Outlook | None = None,
) -> str:
    """Submit the job to a stack, wait until every task runs, and return the job's id.

    Where the kernels are not compiled yet, the first task compiles them and the others wait.
    `more_arguments` are the job's own, as in `jobs.settings`. The gaps of `outlook` are recorded,
    and the job counts them in its metric `unread_deleted`.
    """
    step("submitting the job")
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(bundle), "--engine", engine]
    arguments += more_arguments
    savepoint = None if start is None else start.absolute().as_uri()
    if outlook is not None:
        arguments += ["--unread-deleted", str(outlook.records)]
        record(stack.layout, outlook, start)
    job_id = submit(stack, JOB, arguments, savepoint=savepoint, parallelism=parallelism)
    if outlook is not None:
        remember_topics(stack.layout, outlook.topics)
    step("waiting until every task runs")
    stack.flink.wait_until_running(job_id)
    return job_id
