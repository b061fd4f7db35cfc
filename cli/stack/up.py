"""`cardwatch up`: start the embedded stack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from cli.console import Output
from cli.options import GroupedCommand, folder_option, in_group, output_options
from cli.stack.kernels import compiling
from cli.stack.status import show
from stack.services.embedded import Stack
from stack.settings import StackSettings, load

EXAMPLE = """\b
Example:
  ./cardwatch up --taskmanagers 4 --flink-port 8081"""


_stack = in_group("Stack")


@click.command("up", cls=GroupedCommand, epilog=EXAMPLE)
@_stack(
    "--taskmanagers",
    type=click.IntRange(1, 64),
    show_default="as many as run, else 2",
    help="Number of TaskManager processes; the job takes two for each parallelism.",
)
@_stack(
    "--kafka-port",
    default=0,
    help="Port of the Kafka broker; 0 takes the last port, else a free one.",
)
@_stack(
    "--flink-port",
    default=0,
    help="Port of the Flink web UI; 0 takes the last port, else a free one.",
)
@folder_option
@output_options
def command(
    folder: Path, taskmanagers: int | None, kafka_port: int, flink_port: int, out: Output
) -> None:
    """Start Kafka and Flink on this machine.

    Needs nothing beyond the installation; does nothing where both run already. Broker and cluster
    are supervised processes on the loopback address, and keep their data between runs. Prints the
    addresses. `./cardwatch down` stops both.
    """
    stack = Stack(_settings(folder, taskmanagers, kafka_port, flink_port))
    with out.steps() as step, compiling(stack):
        status = stack.up(step)
        step("waiting until the features are compiled (once)")
    if not out.quiet:
        show(status, out)


def _settings(
    folder: Path, taskmanagers: int | None, kafka_port: int, flink_port: int
) -> StackSettings:
    """Take a running stack's settings and change what was asked for."""
    running = Stack(StackSettings(folder)).status().processes
    known = load(folder) if running else None
    base = known[0] if known else StackSettings(folder)
    return replace(
        base,
        taskmanagers=taskmanagers or base.taskmanagers,
        kafka_port=kafka_port or base.kafka_port,
        flink_port=flink_port or base.flink_port,
    )
