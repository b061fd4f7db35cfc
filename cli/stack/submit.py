"""`cardwatch submit`: hand the fraud detection job to the cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from cli.console import Output
from cli.options import folder_option, option, output_options
from events.topics import INPUTS
from features import warm_up
from jobs.settings import DIRECT, ISOLATIONS, PROFILES, why_not_kept
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
  ./cardwatch submit --replace --profile throughput     stop, then go on in Arrow batches
  ./cardwatch submit --replace --from-checkpoint        cancel a job that restarts, then go on
  ./cardwatch submit --fresh --bundle ensemble/1        forget the state, read the topics anew

It does what the ordinary client does, with the addresses of the running stack:
  flink run -d -py jobs/fraud_detection.py --bootstrap HOST:PORT --bundle onnx_models/ensemble/1"""


def _checked_fields(
    _: click.Context, parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse here what the job would refuse after a minute."""
    for name in names:
        if why := why_not_kept(name):
            raise click.BadParameter(why, param=parameter)
    return names


@click.command("submit", epilog=EXAMPLE)
@folder_option
@option("--bundle", default="ensemble", help="Model bundle, NAME or NAME/VERSION.")
@option(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "onnx_models",
    show_default="onnx_models",
    help="Folder of the model registry.",
)
@option(
    "--profile",
    type=click.Choice(PROFILES),
    default="latency",
    help="latency: score each payment at once; throughput: score Arrow batches.",
)
@option(
    "--direct/--no-direct",
    default=DIRECT,
    help="Hand rows to Java directly (docs/adr/0018), or the way PyFlink does.",
)
@option(
    "--isolation",
    type=click.Choice(ISOLATIONS),
    default="read_committed",
    help="Kafka transactions of senders. read_committed: a payment waits for the end of its "
    "transaction, as does all behind it in the partition, and an aborted one is not decided. "
    "read_uncommitted: everything is decided at once, aborted payments too.",
)
@option(
    "--keep-field",
    "keep_fields",
    multiple=True,
    metavar="NAME",
    callback=_checked_fields,
    help="Unknown field of a payment that its decision keeps; all others are dropped. Repeatable.",
)
@option("--parallelism", type=click.IntRange(min=1), help="Default: what the cluster has room for.")
@option("--fresh", is_flag=True, help="Start without state, from the beginning of the topics.")
@option("--replace", is_flag=True, help="Stop the running job with a savepoint and go on from it.")
@option(
    "--from-checkpoint",
    is_flag=True,
    help="Newest checkpoint in place of a savepoint for --replace: the running job is cancelled. "
    "For a job that restarts and cannot take a savepoint.",
)
@option(
    "--savepoint",
    type=click.Path(exists=True, path_type=Path),
    help="Savepoint or checkpoint to start from; default: the newest one of the stack.",
)
@option(
    "--accept-gap",
    is_flag=True,
    help="Start of a job that passes over payments which are still in a topic made anew.",
)
@output_options
def command(
    folder: Path,
    bundle: str,
    models: Path,
    profile: str,
    direct: bool,
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
    """Submit the fraud detection job to the running cluster.

    It resumes from the newest savepoint or checkpoint of the stack, so nothing is decided twice;
    with --fresh it starts over and decides every payment in the topics once more.

    Payments that the broker deleted before the job read them cannot be brought back: the job
    starts all the same, every gap is named, and the exit status is 1. `audit` names it again.
    """
    if fresh and (replace or savepoint):
        raise click.UsageError("--fresh forgets the state: leave out --replace and --savepoint.")
    if from_checkpoint and not replace:
        raise click.UsageError("--from-checkpoint says how a job is replaced: add --replace.")
    stack = Stack.attach(folder)
    with out.steps() as step:
        model = _checked(models, bundle)
        require_topics(stack.kafka, *INPUTS)  # before a job is stopped for this one
        make_room(stack.flink, step, replace=replace, from_checkpoint=from_checkpoint)
        start = None if fresh else savepoint or newest_snapshot(stack.layout)
        outlook = look_ahead(stack.install, stack.layout, stack.kafka, start)
        if outlook.passed_over and not accept_gap:
            raise click.ClickException(_refused(outlook.passed_over))
        job_id = start_job(
            stack,
            model,
            profile,
            step,
            "--isolation",
            isolation,
            *(f"--keep-field={name}" for name in keep_fields),
            direct=direct,
            parallelism=parallelism,
            start=start,
            outlook=outlook,
        )
    origin = "with no state" if start is None else f"from {start.name}"
    out.say(f"Job {job_id} runs ({profile} profile, {origin}); watch it at {stack.flink.url}")
    if outlook.unknown:
        out.say(f"Whether payments were deleted unread is not known: {outlook.unknown}.")
    if outlook.gaps:
        raise click.ClickException(
            f"{' '.join(map(str, outlook.gaps))} The job runs without them; docs/operations.md, "
            "Payments that were deleted unread, says what to do."
        )


def _checked(models: Path, name: str) -> Path:
    """Find the bundle and see that it loads, before the job that runs is stopped for it."""
    try:
        found = find_bundle(models, name)
        load_bundle(found)
    except BundleError as error:
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
    profile: str,
    step: Callable[[str], None],
    *more_arguments: str,
    direct: bool = DIRECT,
    parallelism: int | None = None,
    start: Path | None = None,
    outlook: Outlook | None = None,
) -> str:
    """Submit the job to a stack, wait until every task runs, and return the job's id.

    `more_arguments` are the job's own, as in `jobs.settings`. The gaps of `outlook` are recorded,
    and the job counts them in its metric `unread_deleted`.
    """
    step("compiling the features and the reasons (once; kept for every process)")
    warm_up()
    load_bundle(bundle)
    step("submitting the job")
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(bundle), "--profile", profile]
    arguments += ["--direct" if direct else "--no-direct", *more_arguments]
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
