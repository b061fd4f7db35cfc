"""`cardwatch audit`: does every payment have its decision?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.audit import audit
from cli.console import Output
from cli.options import folder_option, json_option, option, output_options
from stack.embedded import Stack

EXAMPLE = """\b
Examples:
  ./cardwatch audit                      of the running stack
  ./cardwatch audit --json audit.json    with every id

\b
Kafka aborts a transaction that outlasts its time-out, also one that a completed checkpoint was
about to commit: then decisions are missing, and only this comparison tells. The exit status is 1
where a payment has no decision. A start from an old savepoint decides payments again, under the
same ids: these are counted, and no error."""

_SHOWN = 5


@click.command("audit", epilog=EXAMPLE)
@folder_option
@option(
    "--patience",
    type=click.FloatRange(min=0),
    default=30.0,
    metavar="SECONDS",
    help="The last payments have so long to be decided and committed.",
)
@json_option
@output_options
def command(folder: Path, patience: float, json_path: str | None, out: Output) -> None:
    """Hold the payments against the committed decisions, and name those without one."""
    stack = Stack.attach(folder)
    with out.steps() as step:
        step(f"reading the payments, then the decisions {patience:g} s later")
        found = audit(stack.kafka, patience)
    if json_path:
        out.json(json_path, asdict(found))
    if json_path != "-":
        out.table(
            ("payments", "without a decision", "decided more than once"),
            [(f"{found.payments:,}", len(found.lost), len(found.doubled))],
        )
    if found.held_back:
        raise click.ClickException(_held_back(found.held_back, patience))
    if found.lost:
        more = ", ..." if len(found.lost) > _SHOWN else ""
        raise click.ClickException(
            f"{len(found.lost)} payments have no decision: {', '.join(found.lost[:_SHOWN])}{more}. "
            "docs/faults.md says how to bring them back; --json has every id."
        )


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
