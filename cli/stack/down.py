"""`cardwatch down`: stop the embedded stack."""

from __future__ import annotations

from pathlib import Path

import click

from cli.console import Output
from cli.options import GroupedCommand, folder_option, in_group, output_options
from stack.services.embedded import Stack
from stack.settings import StackSettings

EXAMPLE = """\b
Examples:
  ./cardwatch down             keeps topics and checkpoints for the next `up`
  ./cardwatch down --delete    removes them"""


@click.command("down", cls=GroupedCommand, epilog=EXAMPLE)
@in_group("Stack")(
    "--delete",
    is_flag=True,
    show_envvar=False,
    help="Remove topics, checkpoints, savepoints and logs as well.",
)
@folder_option
@output_options
def command(folder: Path, delete: bool, out: Output) -> None:
    """Stop Kafka and Flink on this machine, and every process that they started.

    Does nothing where both are stopped. Also ends what a killed supervisor has left behind: no
    process and no port remains.
    """
    with out.steps() as step:
        Stack(StackSettings(folder)).down(delete_data=delete, progress=step)
    out.say("The stack is stopped" + (" and its data removed." if delete else "."))
