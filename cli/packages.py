"""Add the packages of a larger group when the first command that needs them is called."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import click

from cli.console import fail
from cli.groups import GROUPS, lacking
from cli.kept_help import kept
from stack.installation import ROOT

# A tree without the set-up, such as the container image, cannot add packages.
CAN_ADD = (ROOT / "cardwatch").is_file()


def add_packages(group: str, arguments: Sequence[str]) -> None:
    """Install what a command needs and the environment lacks, then start the call anew.

    A call for help needs no packages: it gets the kept text. Returns only where nothing lacks.

    Args:
        group: Name in GROUPS of the packages that the command needs.
        arguments: The call, from the name of the command on.
    """
    lock = ROOT / GROUPS[group].lock
    site_packages = Path(sysconfig.get_path("purelib"))
    if group == "runtime" or not lacking(lock, site_packages):
        return
    if arguments[-1] in ("-h", "--help"):
        click.echo(kept(arguments), nl=False)
        sys.exit(0)
    if site_packages.is_relative_to(ROOT):
        click.echo(f"cardwatch: {arguments[0]} needs the {group} packages", err=True)
        _prepare(group)
        again = [sys.executable, "-m", "cli.main", *arguments]
        if not lacking(lock, site_packages):
            os.execv(sys.executable, again)  # noqa: S606  # no shell is wanted
    fail(
        f"The command {arguments[0]} needs the {group} packages, and {sys.prefix} lacks "
        f"{', '.join(lacking(lock, site_packages)[:5])}. Install the packages with: "
        f"{sys.executable} -m pip install --require-hashes -r {lock}"
    )
    sys.exit(1)


def _prepare(group: str) -> None:
    """Run the set-up with the Python that the environment was made with."""
    python = sys._base_executable  # type: ignore[attr-defined]  # not in the stubs
    command = [python, "-m", "cli.prepare", str(ROOT), group]
    if subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode:
        sys.exit(1)
