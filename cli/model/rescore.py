"""`cardwatch rescore`: what would another bundle have decided on the payments of the topic?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from cli.console import Output, as_sentence
from cli.model.rescore_summary import Summary, read_rescored, summarise
from cli.options import (
    GroupedCommand,
    folder_option,
    in_group,
    json_option,
    output_options,
    registry_option,
)
from events.topics import DECISIONS
from scoring.loader import BundleError, find_bundle, load_bundle
from stack.clients.flink import FlinkClient, root_cause
from stack.clients.topic_ranges import topic_ranges
from stack.clients.topics import require_topics
from stack.installation import ROOT
from stack.services.embedded import Stack
from stack.submission.submit import submit

JOB = ROOT / "jobs" / "rescoring.py"

EXAMPLE = """\b
Example:
  ./cardwatch rescore --bundle ensemble/2 --to /tmp/rescored

\b
What it writes:
  JSON lines in the folder of --to, one for each decision: transaction_id, card_id, timestamp_ms,
  and probability, risk_level and model, each as it was (..._before) and with the bundle.

\b
Exit status 1:
  a record of the topic cannot be scored, such as a decision of another feature set"""

_SHOWN = 3
_LONGEST_S = 24 * 3600.0

_model = in_group("Model")


@click.command("rescore", cls=GroupedCommand, epilog=EXAMPLE)
@_model(
    "--bundle",
    required=True,
    metavar="NAME[/VERSION]",
    help="Name of the model bundle that scores; without VERSION the latest one.",
)
@registry_option("Model")
@in_group("Result")(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="FOLDER",
    help="New or empty folder for the files.",
)
@folder_option
@json_option
@output_options
def command(
    folder: Path, bundle: str, models: Path, to: Path, json_path: str | None, out: Output
) -> None:
    """Score the decisions in Kafka again with another bundle.

    Needs a running stack with a free slot. A second job reads the committed decisions up to now and
    scores their features in batches. The running job and its topics stay as they are. Prints how
    many alerts would come and go, and the largest difference of a probability.
    """
    if to.exists() and any(to.iterdir()):
        raise click.UsageError(f"--to: {to} is not empty, and no file is overwritten.")
    with as_sentence(BundleError):
        path = find_bundle(models, bundle)
        load_bundle(path)
    stack = Stack.attach(folder)
    with out.steps() as step:
        run(stack, path.absolute(), to.absolute(), step)
        step("reading the files")
        found = summarise(read_rescored(to))
    out.result(json_path, msgspec.to_builtins(found), lambda: _show(found, out))
    if found.problems:
        raise click.ClickException(_problems(found))


def run(stack: Stack, bundle: Path, to: Path, step: Callable[[str], None]) -> None:
    """Score the committed decisions of a stack with a bundle; the files are in the folder `to`.

    Raises:
        ClickException: There is no decision or no free slot, or the job failed.
    """
    require_topics(stack.kafka, DECISIONS)
    ranges = topic_ranges(stack.kafka, [DECISIONS.name], committed=True)[DECISIONS.name].partitions
    records = sum(each.end - each.start for each in ranges.values())
    if not records:
        raise click.ClickException(
            "The topic of decisions has no committed record: send payments with "
            "`./cardwatch produce` while the job runs."
        )
    require_slot(stack.flink)
    step("submitting the job that scores again")
    ends = [f"--until={number}:{each.end}" for number, each in sorted(ranges.items())]
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(bundle), "--to", str(to), *ends]
    job_id = submit(stack, JOB, arguments)
    step(f"scoring {records:,} records (job {job_id} at {stack.flink.url})")
    try:
        state = stack.flink.wait_until_ended(job_id, _LONGEST_S)
    except KeyboardInterrupt:
        stack.flink.cancel(job_id)
        raise
    if state != "FINISHED":
        why = root_cause(stack.flink.exception(job_id))
        raise click.ClickException(f"Re-scoring ended as {state}: {why}")


def require_slot(flink: FlinkClient) -> None:
    """Raise ClickException where no slot is free; it names the command that makes room."""
    overview = flink.overview()
    if overview.slots_available < 1:
        raise click.ClickException(
            f"All {overview.slots_total} slots of the cluster are taken, and re-scoring needs one. "
            f"`./cardwatch up --taskmanagers {overview.taskmanagers + 1}` adds one while the job "
            "runs."
        )


def _show(found: Summary, out: Output) -> None:
    """Print the summary; a change of level has a row of its own."""
    rows = [
        ("model", found.model or "-"),
        ("models before", ", ".join(found.models_before) or "-"),
        ("decisions scored", f"{found.decisions:,}"),
        ("alerts gained, LOW before", f"{found.gained:,}"),
        ("alerts lost, LOW now", f"{found.lost:,}"),
        *((f"  from {one.before} to {one.now}", f"{one.decisions:,}") for one in found.changes),
        ("largest difference in probability", f"{found.largest_difference:.6g}"),
        ("  at the payment", found.largest_at or "-"),
        ("records that cannot be scored", f"{sum(found.problems.values()):,}"),
    ]
    out.table(("", ""), rows)


def _problems(found: Summary) -> str:
    """Return the sentences of records that could not be scored, the first of them in full."""
    told = list(found.problems)[:_SHOWN]
    more = len(found.problems) - len(told)
    rest = f" There are {more} more problems; --json has all." if more else ""
    count = sum(found.problems.values())
    return f"{count:,} records of the topic cannot be scored. {' '.join(told)}{rest}"
