"""`cardwatch status`: what runs, and where."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from cli.console import Output
from cli.options import folder_option, json_option, output_options
from stack.embedded import Stack
from stack.settings import StackSettings
from stack.status import StackStatus

EXAMPLE = """\b
Example, the address of the Flink web UI:
  ./cardwatch status --json - | grep flink_ui"""

_HINTS = {
    "stopped": "Start it with ./cardwatch up.",
    "orphaned": "Its supervisor is gone; end what is left with ./cardwatch down.",
    "degraded": "A process is down or has not registered yet; look at the logs.",
}


@click.command("status", epilog=EXAMPLE)
@folder_option
@json_option
@output_options
def command(folder: Path, json_path: str | None, out: Output) -> None:
    """Show the processes, their addresses and the logs; exit status 0 when all is well, else 1."""
    status = Stack(StackSettings(folder)).status()
    if json_path:
        out.json(json_path, status.to_json())
    else:
        show(status, out)
        for name, value in status.flink_environment.items():
            out.detail(f"export {name}={shlex.quote(value)}")
    if status.state != "running":
        sys.exit(1)


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
