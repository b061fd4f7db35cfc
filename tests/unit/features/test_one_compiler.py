"""Processes that start at once compile each kernel once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from features.kernels.compiled import one_compiler
from stack.installation import ROOT

_KERNEL = """
from features.kernels.compiled import entry_point


@entry_point
def twice(x):
    return x + x
"""

_CALL = """
from features.kernels.compiled import one_compiler
from kernel import twice

print("ready", flush=True)
with one_compiler():
    twice(1)
print(sum(twice.stats.cache_misses.values()))
"""


def test_a_second_process_waits_and_takes_the_code_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that both wait for the compiler compile one time together."""
    (tmp_path / "kernel.py").write_text(_KERNEL)
    cache = tmp_path / "cache"
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(cache))
    environment = {"PYTHONPATH": f"{ROOT}:{tmp_path}", "NUMBA_CACHE_DIR": str(cache)}
    with one_compiler():
        both = [
            subprocess.Popen(
                [sys.executable, "-c", _CALL], env=environment, stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        assert [process.stdout and process.stdout.readline() for process in both] == ["ready\n"] * 2
        assert [process.poll() for process in both] == [None, None]
    compilations = [int(process.communicate(timeout=120)[0]) for process in both]
    assert sorted(compilations) == [0, 1]


@pytest.mark.parametrize("folder", ["", "a file/cache"])
def test_nobody_waits_where_there_is_no_folder(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    place = str(tmp_path / folder) if folder else ""
    monkeypatch.setattr("numba.core.config.CACHE_DIR", place)
    with one_compiler(), one_compiler():
        pass
