"""Where the time of a run goes: the seconds of each speed, and of the slowest files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import pytest

SHOWN_FROM_S: Final = 60.0
"""A run of a few tests has no table."""
_FILES: Final = 15


def table(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return the lines of the table; none for a short run.

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
    slowest = sorted(seconds, key=lambda name: -seconds[name])
    speeds = [name for name in slowest if "/" not in name]
    files = [name for name in slowest if "/" in name]
    if sum(seconds[name] for name in speeds) < SHOWN_FROM_S:
        return []
    return [
        f"{seconds[name]:7.1f} s {tests[name]:6} tests  {name}"
        for name in (*speeds, *files[:_FILES])
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the table below the failures."""
    reports = [
        report
        for group in terminalreporter.stats.values()
        for report in group
        if isinstance(report, pytest.TestReport)
    ]
    if lines := table(reports):
        terminalreporter.section("where the time went, all workers together")
        for line in lines:
            terminalreporter.write_line(line)
