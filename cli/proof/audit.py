"""`cardwatch audit`: does every payment have its decision?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import click
import msgspec
from confluent_kafka import KafkaException

from cli.console import Output
from cli.options import GroupedCommand, folder_option, in_group, json_option, output_options
from events.topics import OUTPUTS, REBUILD_MS, TRANSACTIONS
from stack.clients.readable import Unreadable
from stack.clients.topics import require_topics
from stack.errors import StackError
from stack.services.embedded import Stack
from stack.submission.replace import is_ours
from stack.submission.resume import look_ahead
from stack.submission.snapshots import newest_snapshot
from stack.submission.unread import Gap
from stack.submission.unread_record import recorded_gaps
from verify.audit import Audit, audit

EXAMPLE = """\b
Examples:
  ./cardwatch audit                      audits the running stack
  ./cardwatch audit --json audit.json    writes every id

\b
What it compares:
  Every record of the topic is a payment with its decision, a repeat of a payment, a refused
  record (a dead letter), or lost. Payments can get lost where Kafka aborts a transaction that
  outlasts its time-out, even one that a completed checkpoint was about to commit.
  A start from an old savepoint decides payments again under the same ids; the audit counts
  these and reports no error. It holds some 500 bytes of memory for each payment in the topic.

\b
Exit status 1:
  a payment is lost, a record of the job cannot be read, or payments were deleted before the job
  read them (found by `submit` in the last 40 days, or now where no job runs)"""

_SHOWN = 5


@click.command("audit", cls=GroupedCommand, epilog=EXAMPLE)
@in_group("Audit")(
    "--patience",
    type=click.FloatRange(min=0),
    default=30.0,
    metavar="SECONDS",
    help="Time in seconds that the last payments have to be decided and committed.",
)
@folder_option
@json_option
@output_options
def command(folder: Path, patience: float, json_path: str | None, out: Output) -> None:
    """Find payments that have no decision.

    Needs a running stack. Compares the payments in Kafka with the committed decisions, and prints
    what became of every record, with the ids of lost payments.
    """
    stack = Stack.attach(folder)
    require_topics(stack.kafka, TRANSACTIONS, *OUTPUTS)
    try:
        with out.steps() as step:
            step(f"reading the payments, then the decisions {patience:g} s later")
            found = audit(stack.kafka, patience, Unreadable(out.warn))
    except KafkaException as error:
        raise click.ClickException(f"Kafka at {stack.kafka}: {error.args[0].str()}.") from error
    found = replace(found, unread_deleted=_deleted(stack))
    if json_path:
        out.json(json_path, msgspec.to_builtins(found))
    if json_path != "-":
        _show(found, out)
    if problems := list(_problems(found, patience)):
        raise click.ClickException(" ".join(problems))


def _show(found: Audit, out: Output) -> None:
    """Print what became of every record; the rows of a part add up to its first row."""
    rows: list[tuple[str, int]] = [
        ("records in transactions", found.records),
        ("  payments with a decision", found.decided),
        ("  repeats of a payment", found.repeats),
        ("  refused, as dead letters", found.refused),
        ("  lost, without a decision", len(found.lost)),
        ("payments decided more than once", len(found.doubled)),
        ("ids of several different payments", len(found.reused)),
        (
            "deleted before they were read, at most",
            sum(gap.records for gap in found.unread_deleted),
        ),
        ("records of the job that cannot be read", sum(found.unreadable.values())),
    ]
    out.table(("", ""), [(name, f"{count:,}") for name, count in rows])


def _problems(found: Audit, patience_s: float) -> Iterator[str]:
    """Yield a sentence for everything that ends with status 1."""
    if found.held_back:
        yield _held_back(found.held_back, patience_s)
    elif found.lost:
        more = ", ..." if len(found.lost) > _SHOWN else ""
        yield (
            f"{len(found.lost)} payments have no decision: {', '.join(found.lost[:_SHOWN])}{more}. "
            "docs/faults.md says how to bring them back; --json has every id."
        )
        if shared := set(found.lost) & set(found.reused):
            yield (
                f"{len(shared)} of these ids are of several different payments, of which not each "
                f"was decided or refused: {', '.join(sorted(shared)[:_SHOWN])}."
            )
    yield from map(str, found.unread_deleted)
    if found.unreadable:
        counts = ", ".join(f"{count} in {topic}" for topic, count in found.unreadable.items())
        yield (
            f"Records that the job wrote cannot be read ({counts}), so what they decide counts as "
            "undecided."
        )


def _deleted(stack: Stack) -> list[Gap]:
    """Return the gaps found by submissions for as long as a topic keeps what was decided then.

    Where no job runs, those that the next submission would find are among them.
    """
    since_ms = time.time_ns() // 1_000_000 - REBUILD_MS
    found = [one.gap for one in recorded_gaps(stack.layout) if one.found_ms >= since_ms]
    snapshot = newest_snapshot(stack.layout)
    if snapshot is not None and not _runs(stack):
        found += look_ahead(stack.install, stack.layout, stack.kafka, snapshot).gaps
    return list(dict.fromkeys(found))


def _runs(stack: Stack) -> bool:
    try:
        return any(map(is_ours, stack.flink.running()))
    except StackError:
        return False


def _held_back(places: Mapping[str, int], patience_s: float) -> str:
    """Say which partitions wait, and what ends that."""
    place, at = next(iter(places.items()))
    topic, _, number = place.rpartition("-")
    return (
        f"{', '.join(places)}: an open transaction has let no subscriber pass for {patience_s:g} "
        "s, so what lies behind it counts as undecided. It ends by itself after its time-out (15 "
        "minutes unless the job was told otherwise); one that stays longer hangs, and ends by "
        f"Kafka's own kafka-transactions.sh abort --topic {topic} --partition {number} "
        f"--start-offset {at}, for each of them."
    )
