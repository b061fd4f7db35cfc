"""`cardwatch doctor`: what this machine lacks, and what to do about it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from cli.console import Output
from cli.options import GroupedCommand, folder_option, json_option, output_options
from stack.health import checks
from stack.installation import ROOT
from stack.services.embedded import Stack
from stack.settings import StackSettings, load

EXAMPLE = """\b
Example:
  ./cardwatch doctor --json report.json"""

_MARKS = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "problem": "[red]problem[/]"}


@click.command("doctor", cls=GroupedCommand, epilog=EXAMPLE)
@folder_option
@json_option
@output_options
def command(folder: Path, json_path: str | None, out: Output) -> None:
    """Check the machine, the installation and the stack, and name the next step for each fault.

    Looks at Python and its shared library, Java, Maven, the jars, the model bundle, memory, disk,
    ports, the broker and the cluster. Prints one line for each check. Exits with 1 where something
    is wrong.
    """
    known = load(folder)
    stack = Stack(known[0] if known else StackSettings(folder))
    with out.steps() as step:
        step("looking around")
        found = list(checks.run(stack, _load_bundle))
    if json_path:
        out.json(json_path, {"checks": [asdict(check) for check in found]})
    else:
        rows = [(_MARKS[check.level], check.name, _told(check)) for check in found]
        out.table(("", "what", "found"), rows)
    if any(check.level == "problem" for check in found):
        sys.exit(1)


def _told(check: checks.Check) -> str:
    return f"{check.told}\n-> {check.next_step}" if check.next_step else check.told


def _load_bundle() -> str:
    """Load the bundle that the job takes by default, golden file and hashes included."""
    from scoring.loader import find_bundle, load_bundle

    bundle = load_bundle(find_bundle(ROOT / "onnx_models", "ensemble"))
    return f"{bundle.manifest.name}/{bundle.manifest.version}"
