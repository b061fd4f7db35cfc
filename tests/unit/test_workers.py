"""Tests that share what their file's fixtures make run in one worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stack.installation import ROOT

_PER_FILE = 6
_TESTS = """
import os
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", range({count}))
def test_where(number: int) -> None:
    with Path({file!r}).open("a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def test_the_tests_of_a_file_run_in_one_worker(tmp_path: Path) -> None:
    """Whatever the versions of pytest and xdist: a group that is ignored shows nowhere else."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.workers"]\n')
    workers = [tmp_path / f"workers-{name}" for name in "abc"]
    for file in workers:
        test = tmp_path / f"test_{file.name.replace('-', '_')}.py"
        test.write_text(_TESTS.format(count=_PER_FILE, file=str(file)))
    shared = ["-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *shared, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    ran = [file.read_text().split() for file in workers]
    assert [len(each) for each in ran] == [_PER_FILE] * len(workers)
    assert [len(set(each)) for each in ran] == [1] * len(workers)
    assert len({each[0] for each in ran}) == 2, "and both workers have tests"
