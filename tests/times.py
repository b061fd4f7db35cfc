"""Where the time of a run goes: the seconds of each speed, and of the slowest files."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from cli.test import TIMES_FILE

SHOWN_FROM_S: Final = 60.0
"""A run of a few tests has no table."""
_FILES: Final = 15


class Time(NamedTuple):
    """Seconds of all workers together, and the number of tests that took them."""

    seconds: float
    tests: int


def times(reports: Iterable[pytest.TestReport]) -> dict[str, Time]:
    """Return the time of each speed, then of each file, the slowest first.

    Set-up and tear-down count with the test that had to wait for them. Workers that ran at the same
    time are added up.
    """
    seconds: dict[str, float] = defaultdict(float)
    tests: dict[str, int] = defaultdict(int)
    for report in reports:
        path = report.nodeid.partition("::")[0]
        for name in (path, path.split("/")[1]):
            seconds[name] += report.duration
            tests[name] += report.when == "call"
    slowest = sorted(seconds, key=lambda name: ("/" in name, -seconds[name]))
    return {name: Time(round(seconds[name], 1), tests[name]) for name in slowest}


def table(found: dict[str, Time]) -> list[str]:
    """Return the lines of the table; none for a short run."""
    speeds = [name for name in found if "/" not in name]
    files = [name for name in found if "/" in name]
    if sum(found[name].seconds for name in speeds) < SHOWN_FROM_S:
        return []
    return [
        f"{found[name].seconds:7.1f} s {found[name].tests:6} tests  {name}"
        for name in (*speeds, *files[:_FILES])
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the table below the failures, and the times into the file of `./cardwatch test`."""
    reports = [
        report
        for group in terminalreporter.stats.values()
        for report in group
        if isinstance(report, pytest.TestReport)
    ]
    found = times(reports)
    if path := os.environ.get(TIMES_FILE):
        told = {name: one._asdict() for name, one in found.items()}
        Path(path).write_text(json.dumps(told), encoding="utf-8")
    if lines := table(found):
        terminalreporter.section("where the time went, all workers together")
        for line in lines:
            terminalreporter.write_line(line)
