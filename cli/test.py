"""`cardwatch test`: what the continuous integration runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
import psutil

from cli.console import Output, fail
from cli.options import GroupedCommand, in_group, json_option, output_options
from cli.recording import Recorder, record_option
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
    "examples",
    "tests",
)

_MEMORY_OF_A_WORKER = 6 * 2**30
"""The largest stack of a test has four TaskManagers."""
_MOST_WORKERS = 4

_LONG_S: Final = 10.0
"""Seconds from which the time of a file is recorded."""

TIMES_FILE: Final = "CARDWATCH_TEST_TIMES"
"""Variable that names the file for the times of the tests (tests/times.py)."""

EXAMPLE = """\b
Examples:
  ./cardwatch test                                   everything
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
    "--lint/--no-lint", default=True, show_envvar=False, help="Run ruff and mypy beside the tests."
)
@_checks(
    "--workers",
    type=click.IntRange(min=1),
    help="Number of processes that share the tests. Default: one for each core and each 6 GB of "
    "free memory, 4 at most.",
)
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@json_option
@record_option
@output_options
def command(
    speeds: tuple[str, ...],
    lint: bool,
    workers: int | None,
    pytest_arguments: tuple[str, ...],
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Run what the continuous integration runs: style, types and the tests.

    Needs free ports for the flink, integration and faults tests, which start brokers and clusters
    of their own. All checks run even where one fails. A table at the end names the slowest files.
    Exits with 1 where any check failed.
    """
    if record and (pytest_arguments or set(speeds) != set(SPEEDS)):
        raise click.UsageError(
            "--record is for a run of all tests: leave out --speed and what follows --."
        )
    began = time.monotonic()
    checks = [Check(name, call, out) for name, call in _lint_checks()] if lint else []
    shared = workers or _workers()
    tests = [*_pytest(speeds, shared, out), *pytest_arguments]
    out.detail(" ".join(tests))
    # Once, and not in each worker; what cannot be compiled is found by the tests.
    subprocess.run(_module("scoring.warm"), cwd=ROOT, check=False)
    passed, times = _run(tests)
    failed = [check.name for check in checks if not check.passed()]
    if not passed:
        failed.append("pytest")
    if failed:
        fail(f"not passed: {', '.join(failed)}")
        sys.exit(1)
    told = {"seconds": round(time.monotonic() - began), "workers": shared, "times": times}
    if json_path:
        out.json(json_path, told)
    long = {name: one for name, one in times.items() if one["seconds"] >= _LONG_S}
    record("test", {**told, "times": long}, out)


def _run(tests: Sequence[str]) -> tuple[bool, dict[str, Any]]:
    """Run pytest; return whether all tests passed, and the time of each speed and file."""
    with tempfile.TemporaryDirectory(prefix="cardwatch-") as folder:
        file = Path(folder) / "times.json"
        environment = os.environ | {TIMES_FILE: str(file)}
        passed = subprocess.run(tests, cwd=ROOT, env=environment, check=False).returncode == 0
        return passed, json.loads(file.read_text()) if file.exists() else {}


class Check:
    """A check that runs beside the tests, and whose words come when they have ended."""

    def __init__(self, name: str, call: Sequence[str], out: Output) -> None:
        self.name = name
        self._out = out
        out.detail(" ".join(call))
        self._process = subprocess.Popen(
            call, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def passed(self) -> bool:
        """Wait for the end, say what the check said, and return whether all was well."""
        words, _ = self._process.communicate()
        passed = self._process.returncode == 0
        if not passed:
            click.echo(words, nl=False)
        self._out.say(f"{self.name} {'passed' if passed else '[red]failed[/]'}")
        return passed


def _workers() -> int:
    room: int = psutil.virtual_memory().available // _MEMORY_OF_A_WORKER
    return max(1, min(os.cpu_count() or 1, room, _MOST_WORKERS))


def _pytest(speeds: Sequence[str], workers: int, out: Output) -> list[str]:
    folders = [f"tests/{speed}" for speed in SPEEDS if speed in speeds]
    present = [folder for folder in folders if (ROOT / folder).is_dir()]
    verbosity = ["-q"] if out.quiet else ["-vv"] if out.verbose else []
    shared = ["-n", str(workers), "--dist", "loadgroup", "--no-loadscope-reorder"]
    return [*_module("pytest"), *verbosity, *(shared if workers > 1 else []), *present]


def _lint_checks() -> list[tuple[str, list[str]]]:
    packages = [name for name in PACKAGES if (ROOT / name).is_dir()]
    return [
        ("ruff check", [*_module("ruff"), "check", "--quiet", *packages]),
        ("ruff format", [*_module("ruff"), "format", "--check", "--quiet", *packages]),
        ("mypy", [*_module("mypy"), "--strict", *packages]),
    ]


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]
