"""The table of where the time of a run went, and how the tests are shared out."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.times import table
from tests.workers import group


def report(file: str, seconds: float, when: Literal["setup", "call"] = "call") -> pytest.TestReport:
    place = (file, 0, "test_it")
    return pytest.TestReport(f"{file}::test_it", place, {}, "passed", None, when, [], seconds)


def test_set_up_counts_with_its_file_and_the_slowest_comes_first() -> None:
    quick, slow = "tests/unit/test_quick.py", "tests/faults/test_slow.py"
    lines = table([report(quick, 10.0), report(slow, 45.0, "setup"), report(slow, 45.5)])
    assert [line.split() for line in lines] == [
        ["90.5", "s", "1", "tests", "faults"],
        ["10.0", "s", "1", "tests", "unit"],
        ["90.5", "s", "1", "tests", slow],
        ["10.0", "s", "1", "tests", quick],
    ]


def test_a_short_run_has_no_table() -> None:
    assert table([report("tests/unit/test_quick.py", 10.0)]) == []


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
