"""`cardwatch test`: what the continuous integration runs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from cli.console import Output, fail
from cli.options import GroupedCommand, in_group, output_options
from stack.installation import ROOT

SPEEDS = ("unit", "flink", "integration", "faults")
PACKAGES = (
    "cli",
    "stack",
    "events",
    "features",
    "jobs",
    "scoring",
    "udfs",
    "training",
    "producer",
    "harness",
    "verify",
    "benchmarks",
    "deploy",
    "tests",
)

EXAMPLE = """\b
Examples:
  ./cardwatch test                                   everything, in some 20 minutes on two cores
  ./cardwatch test --speed unit                      lint, types and the tests without a JVM
  ./cardwatch test --speed flink -- -k savepoint -x  what follows -- goes to pytest"""


_checks = in_group("Checks")


@click.command("test", cls=GroupedCommand, epilog=EXAMPLE)
@_checks(
    "--speed",
    "speeds",
    multiple=True,
    type=click.Choice(SPEEDS),
    default=SPEEDS,
    help="Speed of the tests to run. Repeatable.",
)
@_checks(
    "--lint/--no-lint", default=True, show_envvar=False, help="Run ruff and mypy before the tests."
)
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@output_options
def command(
    speeds: tuple[str, ...], lint: bool, pytest_arguments: tuple[str, ...], out: Output
) -> None:
    """Run what the continuous integration runs: style, types and the tests.

    Needs free ports for the flink, integration and faults tests, which start brokers and clusters
    of their own. All checks run even where one fails. Exits with 1 where any failed.
    """
    failed = (
        [name for name, check in _lint_checks() if not _passes(name, check, out)] if lint else []
    )
    folders = [f"tests/{speed}" for speed in SPEEDS if speed in speeds]
    present = [folder for folder in folders if (ROOT / folder).is_dir()]
    verbosity = ["-q"] if out.quiet else ["-vv"] if out.verbose else []
    pytest = [*_module("pytest"), *verbosity, *present, *pytest_arguments]
    if not _passes("pytest", pytest, out):
        failed.append("pytest")
    if failed:
        fail(f"not passed: {', '.join(failed)}")
        sys.exit(1)


def _lint_checks() -> list[tuple[str, list[str]]]:
    packages = [name for name in PACKAGES if (ROOT / name).is_dir()]
    return [
        ("ruff check", [*_module("ruff"), "check", "--quiet", *packages]),
        ("ruff format", [*_module("ruff"), "format", "--check", "--quiet", *packages]),
        ("mypy", [*_module("mypy"), "--strict", *packages]),
    ]


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _passes(name: str, command: Sequence[str], out: Output) -> bool:
    out.detail(" ".join(command))
    started = time.monotonic()
    passed = subprocess.run(command, cwd=Path(ROOT), check=False).returncode == 0
    word = "passed" if passed else "[red]failed[/]"
    if name != "pytest":
        out.say(f"{name} {word} ({time.monotonic() - started:.0f} s)")
    return passed
