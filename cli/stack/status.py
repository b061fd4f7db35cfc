"""`cardwatch status`: what runs, and where."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from cli.console import Output
from cli.options import GroupedCommand, folder_option, json_option, output_options
from stack.health.job_report import summary
from stack.health.look import Health, look
from stack.services.embedded import Stack
from stack.services.status import StackStatus
from stack.settings import StackSettings

EXAMPLE = """\b
Example, the address of the Flink web UI:
  ./cardwatch status --json - | grep flink_ui"""

_HINTS = {
    "stopped": "Start it with ./cardwatch up.",
    "orphaned": "Its supervisor is gone; end what is left with ./cardwatch down.",
    "degraded": "A process is down or has not registered yet; look at the logs.",
}


@click.command("status", cls=GroupedCommand, epilog=EXAMPLE)
@folder_option
@json_option
@output_options
def command(folder: Path, json_path: str | None, out: Output) -> None:
    """Show whether the stack and the job are well: processes, topics, lag and checkpoints.

    Needs nothing: a stack that is down, or without a job, is reported with the command that starts
    it. Exits with 1 where a process is down, a topic is missing, or payments were deleted unread.
    Exits with 1 also where the job restarts, has ended, or completes no checkpoint.
    """
    stack = Stack(StackSettings(folder))
    status = stack.status()
    health = look(stack, broker_serves=status.broker_serves) if status.processes else Health()
    if json_path:
        problems = [*status.problems, *health.problems]
        out.json(json_path, status.to_json() | health.to_json() | {"problems": problems})
    else:
        show(status, out)
        show_health(health, out)
        for name, value in status.flink_environment.items():
            out.detail(f"export {name}={shlex.quote(value)}")
    if status.state != "running" or health.problems:
        sys.exit(1)


def show_health(health: Health, out: Output) -> None:
    """Print the job in a line, and what is wrong in sentences."""
    if health.job is not None:
        rows = [("job", summary(health.job)), ("lag", f"up to {health.waiting:,} records")]
        out.table(("", ""), rows)
    for sentence in (*health.problems, *health.notes):
        out.say(sentence)


def show(status: StackStatus, out: Output) -> None:
    """Print a stack's status for a person."""
    rows = [("state", status.state), ("Kafka", status.kafka), ("Flink web UI", status.flink_ui)]
    facts = [(name, value) for name, value in rows if value]
    out.table(("", ""), [*facts, ("logs", status.logs)])
    if status.processes:
        out.table(
            ("process", "state", "pid", "up", "memory"),
            [
                (name, one.state, one.pid or "-", f"{one.uptime_s} s", f"{one.memory_mb} MiB")
                for name, one in status.processes.items()
            ],
        )
    for problem in status.problems:
        out.say(problem)
    if status.state in _HINTS:
        out.say(_HINTS[status.state])
