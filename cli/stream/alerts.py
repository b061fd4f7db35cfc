"""`cardwatch alerts`: follow the alerts topic."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from confluent_kafka import KafkaException

from cli.console import Output
from cli.options import folder_option, option, output_options
from cli.stream.alert_line import heading, line
from cli.stream.follow import Unseen, follow
from events.alert import Alert, decode_alert
from events.topics import ALERTS
from stack.clients.readable import Unreadable, readable
from stack.clients.topics import require_topics
from stack.services.embedded import Stack

EXAMPLE = """\b
Examples:
  ./cardwatch alerts                         as they come, until Ctrl-C
  ./cardwatch alerts --committed --level HIGH
  ./cardwatch alerts --json --from-beginning --limit 100 | jq .reasons"""


@click.command("alerts", epilog=EXAMPLE)
@folder_option
@option("--bootstrap", metavar="HOST:PORT", help="Kafka; default: the running stack.")
@option(
    "--early/--committed",
    default=True,
    help="early: within milliseconds, before the commit; committed: each alert exactly once, "
    "about a checkpoint interval later.",
)
@option(
    "--level",
    type=click.Choice(["MEDIUM", "HIGH"]),
    default="MEDIUM",
    help="Lowest level that is shown.",
)
@option("--from-beginning", is_flag=True, help="Start with the oldest alert, not with new ones.")
@option("--limit", type=click.IntRange(min=1), help="End after so many alerts.")
@option("--json", "as_json", is_flag=True, help="One JSON object a line, for pipes.")
@output_options
def command(
    folder: Path,
    bootstrap: str | None,
    early: bool,
    level: str,
    from_beginning: bool,
    limit: int | None,
    as_json: bool,
    out: Output,
) -> None:
    """Show alerts with score, amount, card, merchant and what stands out from the card's normal.

    An early alert that is read twice, because the job restarted before its commit, is shown once.
    """
    kafka = bootstrap or Stack.attach(folder).kafka
    require_topics(kafka, ALERTS)
    if not as_json:
        out.say(f"Following alerts at {kafka}; Ctrl-C ends it.")
        out.results.print(heading())
    unseen, unreadable, shown = Unseen(), Unreadable(out.warn), 0
    try:
        messages = follow(kafka, ALERTS.name, early=early, from_beginning=from_beginning)
        for message, alert in readable(messages, decode_alert, unreadable):
            if (level == "HIGH" and alert.risk_level != "HIGH") or not unseen(alert.transaction_id):
                continue
            _show(alert, message.value() or b"", as_json, out)
            shown += 1
            if shown == limit:
                break
    except KafkaException as error:
        raise click.ClickException(f"Kafka at {kafka}: {error.args[0].str()}.") from error
    except KeyboardInterrupt:
        out.say(f"{shown} alerts shown.")
    if unreadable.count:
        out.warn(f"{unreadable.count} alerts could not be read.")


def _show(alert: Alert, value: bytes, as_json: bool, out: Output) -> None:
    if as_json:
        sys.stdout.write(value.decode() + "\n")
        sys.stdout.flush()
    else:
        out.results.print(line(alert))
