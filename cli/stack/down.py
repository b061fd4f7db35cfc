"""`cardwatch down`: stop the embedded stack."""

from __future__ import annotations

from pathlib import Path

import click

from cli.console import Output
from cli.options import folder_option, output_options
from stack.services.embedded import Stack
from stack.settings import StackSettings

EXAMPLE = """\b
Example:
  ./cardwatch down --delete"""


@click.command("down", epilog=EXAMPLE)
@folder_option
@click.option("--delete", is_flag=True, help="Remove topics, checkpoints, savepoints and logs too.")
@output_options
def command(folder: Path, delete: bool, out: Output) -> None:
    """Stop Kafka and Flink and everything that they started; harmless when they are stopped.

    Also ends what a killed supervisor has left behind. No process and no port remains.
    """
    with out.steps() as step:
        Stack(StackSettings(folder)).down(delete_data=delete, progress=step)
    out.say("The stack is stopped" + (" and its data removed." if delete else "."))
