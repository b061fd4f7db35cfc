"""The `cardwatch` command: finds the module of a command and loads only that one."""

from __future__ import annotations

import importlib
import sys
from typing import NamedTuple

import click

from cli.console import fail
from cli.options import HELP_NAMES
from cli.packages import CAN_ADD, add_packages
from stack.errors import StackError


class Command(NamedTuple):
    """Module of a command, its line in --help, and the group of packages that it imports."""

    module: str
    summary: str
    group: str = "runtime"


# Each module has a click command named `command`; in the order of --help.
COMMANDS = {
    "demo": Command(
        "cli.demo.command",
        "Show the whole product at work: payments, the running job, alerts on screen.",
    ),
    "up": Command("cli.stack.up", "Start Kafka and Flink on this machine."),
    "down": Command("cli.stack.down", "Stop Kafka and Flink, and every process that they started."),
    "status": Command("cli.stack.status", "Show whether the stack and the job are well."),
    "doctor": Command(
        "cli.stack.doctor",
        "Check the machine and the installation, with a next step for each fault.",
    ),
    "produce": Command(
        "cli.stream.produce", "Send payments and labels to Kafka, from a file or a generator."
    ),
    "train": Command(
        "cli.model.train",
        "Train fraud models on past payments and write a model bundle.",
        "training",
    ),
    "evaluate": Command(
        "cli.model.evaluate",
        "Judge models by a published protocol, or on your own file.",
        "training",
    ),
    "tune": Command(
        "cli.model.tune",
        "Search good settings of the models, and write a settings file.",
        "training",
    ),
    "models": Command("cli.model.models", "List, show, compare and verify model bundles."),
    "rescore": Command(
        "cli.model.rescore", "Score past decisions again with another bundle, on the cluster."
    ),
    "submit": Command("cli.stack.submit", "Start the fraud detection job on the running cluster."),
    "alerts": Command("cli.stream.alerts", "Show fraud alerts as they are raised."),
    "bench": Command(
        "cli.bench.command",
        "Measure throughput, latency, cost and state size on this machine.",
        "training",
    ),
    "parity": Command(
        "cli.proof.parity", "Prove that the stream computes, bit for bit, what training computes."
    ),
    "audit": Command("cli.proof.audit", "Find payments that have no decision."),
    "faults": Command(
        "cli.proof.faults",
        "Break the system on purpose, and prove that nothing is lost or doubled.",
        "training",
    ),
    "test": Command(
        "cli.test",
        "Run what the continuous integration runs: style, types and tests.",
        "development",
    ),
}

SECTIONS = {
    "Start here": ("demo", "doctor"),
    "Run": ("up", "submit", "produce", "alerts", "status", "down"),
    "Models": ("train", "tune", "evaluate", "models", "rescore"),
    "Proofs": ("parity", "audit", "faults", "bench"),
    "Develop": ("test",),
}
"""The headings of the list of commands in --help; a test holds that each command has one."""

EXAMPLES = """\b
Examples:
  ./cardwatch demo             payments, a running job and alerts on screen, then a summary
  ./cardwatch train --help     what a command does, needs, prints and writes

Every option can be set in the environment too: `--taskmanagers` of `up` is
CARDWATCH_UP_TASKMANAGERS. The exit status is 0 when what was asked holds, 1 when it
does not, 2 when the call is wrong."""


def listed() -> dict[str, Command]:
    """Return the commands that can run here: all, or those that need the runtime packages only."""
    if CAN_ADD:
        return COMMANDS
    return {name: each for name, each in COMMANDS.items() if each.group == "runtime"}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name every command, in the order of COMMANDS."""
        return list(listed())

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import the module of one command; None where there is no such command."""
        if cmd_name not in listed():
            return None
        module = importlib.import_module(COMMANDS[cmd_name].module)
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands with their summaries, below their headings."""
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            rows = [
                (f"{name:{width}}", listed()[name].summary) for name in names if name in listed()
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
        elsewhere = [name for name in COMMANDS if name not in listed()]
        if elsewhere:
            formatter.write_paragraph()
            formatter.write_text(
                f"This image has the runtime packages only. A checkout also has the commands "
                f"{', '.join(elsewhere)}."
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of a call, and name the commands where there is none like it."""
        if args[0] not in listed() and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}. The commands are: {', '.join(listed())}.")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    epilog=EXAMPLES,
    context_settings={
        "help_option_names": list(HELP_NAMES),
        "auto_envvar_prefix": "CARDWATCH",
        "show_default": True,
        "max_content_width": 100,
    },
)
def cardwatch() -> None:
    """Decide how likely a card payment is to be fraud while it is still on its way."""


def main() -> None:
    """Run the command line; what a package reports in one sentence ends with status 1."""
    called = COMMANDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if called is not None and sys.argv[1] in listed():
        add_packages(called.group, sys.argv[1:])
    try:
        cardwatch(prog_name="./cardwatch")
    except StackError as error:
        fail(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
