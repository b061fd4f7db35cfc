"""The table of where the time of a run went, and how the tests are shared out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner

import cli.recording
import cli.test
from tests.checkout import checkout
from tests.times import table, times
from tests.workers import group


def report(file: str, seconds: float, when: Literal["setup", "call"] = "call") -> pytest.TestReport:
    place = (file, 0, "test_it")
    return pytest.TestReport(f"{file}::test_it", place, {}, "passed", None, when, [], seconds)


def test_set_up_counts_with_its_file_and_the_slowest_comes_first() -> None:
    quick, slow = "tests/unit/test_quick.py", "tests/faults/test_slow.py"
    lines = table(times([report(quick, 10.0), report(slow, 45.0, "setup"), report(slow, 45.5)]))
    assert [line.split() for line in lines] == [
        ["90.5", "s", "1", "tests", "faults"],
        ["10.0", "s", "1", "tests", "unit"],
        ["90.5", "s", "1", "tests", slow],
        ["10.0", "s", "1", "tests", quick],
    ]


def test_a_short_run_has_no_table() -> None:
    assert table(times([report("tests/unit/test_quick.py", 10.0)])) == []


def test_the_command_gives_the_times_of_its_tests_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    one = "tests/unit/test_times.py::test_a_short_run_has_no_table"
    monkeypatch.setattr(cli.test, "_pytest", lambda *_: [sys.executable, "-m", "pytest", "-q", one])
    result = CliRunner().invoke(cli.test.command, ["--no-lint", "--workers", "1", "--json", "-"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["workers"] == 1 and told["seconds"] >= 0
    assert {name: time["tests"] for name, time in told["times"].items()} == {
        "unit": 1,
        "tests/unit/test_times.py": 1,
    }


@pytest.mark.parametrize("part", [["--speed", "unit"], ["--", "-k", "parity"]])
def test_a_part_of_the_tests_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: list[str]
) -> None:
    monkeypatch.setattr(cli.recording, "ROOT", checkout(tmp_path, {"README.md": "# Cardwatch\n"}))
    result = CliRunner().invoke(cli.test.command, ["--record", *part])
    assert result.exit_code == 2
    assert "--record is for a run of all tests" in result.output


@pytest.mark.parametrize(
    ("file", "fixtures", "wanted"),
    [
        ("tests/flink/test_direct.py", ("stack", "job_stack"), "job_stack"),
        ("tests/integration/test_cases.py", ("job", "job_stack"), "job_stack"),
        ("tests/integration/test_produce.py", ("topics", "stack"), "stack"),
        ("tests/unit/events/test_money.py", (), "tests/unit/events/test_money.py"),
        ("tests/faults/test_faults.py", ("tmp_path",), None),
    ],
)
def test_what_shares_a_stack_goes_to_one_worker(
    file: str, fixtures: tuple[str, ...], wanted: str | None
) -> None:
    assert group(file, fixtures) == wanted


def test_the_longest_group_begins_first() -> None:
    """Tests of one worker that wait for jobs run beside all others, and not behind them."""
    files = ("tests/integration/test_produce.py", "tests/integration/test_dead_letters.py")
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *files],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [line.partition("::")[0] for line in told.stdout.splitlines() if "::" in line]
    assert list(dict.fromkeys(found)) == [*reversed(files)]
