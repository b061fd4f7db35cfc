"""`cardwatch alerts`: follow the alerts topic."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from confluent_kafka import KafkaException

from cli.console import Output
from cli.options import OUTPUT, GroupedCommand, folder_option, in_group, output_options
from cli.stream.alert_line import heading, line
from cli.stream.follow import Unseen, follow
from events.alert import Alert, decode_alert
from events.levels import ALERT_LEVELS, MEDIUM, AlertLevel, reaches
from events.topics import ALERTS
from stack.clients.readable import Unreadable, readable
from stack.clients.topics import require_topics
from stack.services.embedded import Stack

EXAMPLE = """\b
Examples:
  ./cardwatch alerts                         as they come, until Ctrl-C
  ./cardwatch alerts --committed --level HIGH
  ./cardwatch alerts --json --from-beginning --limit 100 | jq .reasons"""


_which = in_group("Choice of alerts")


@click.command("alerts", cls=GroupedCommand, epilog=EXAMPLE)
@_which(
    "--early/--committed",
    default=True,
    help="Moment of an alert: early is within milliseconds, before the commit; committed is about "
    "a checkpoint interval later, each alert exactly once.",
)
@_which(
    "--level",
    type=click.Choice(ALERT_LEVELS),
    default=MEDIUM,
    help="Lowest risk level that is shown.",
)
@_which("--from-beginning", is_flag=True, help="Start with the oldest alert, not with new ones.")
@_which("--limit", type=click.IntRange(min=1), help="Number of alerts to end after.")
@folder_option
@in_group("Stack")(
    "--bootstrap",
    metavar="HOST:PORT",
    help="Address of the Kafka broker. Default: the running stack's.",
)
@in_group(OUTPUT)(
    "--json", "as_json", is_flag=True, help="Print one JSON object a line, for pipes."
)
@output_options
def command(
    folder: Path,
    bootstrap: str | None,
    early: bool,
    level: AlertLevel,
    from_beginning: bool,
    limit: int | None,
    as_json: bool,
    out: Output,
) -> None:
    """Show fraud alerts as they are raised.

    Needs a running stack with the job, or another broker (--bootstrap). Prints for each alert the
    time, level, score, amount, card, merchant and reasons, until Ctrl-C. An early
    alert that comes twice, because the job restarted before its commit, is shown once.
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
            if not reaches(alert.risk_level, level) or not unseen(alert.transaction_id):
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
