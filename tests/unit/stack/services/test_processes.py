"""Processes of a stack are found by their mark, whoever is their parent."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack.services import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True);"
    "time.sleep(60)",
]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that carries the mark of `tmp_path`."""
    with subprocess.Popen(SLEEP, env=processes.mark(tmp_path)) as process:
        yield process
        process.kill()


def test_only_marked_processes_are_found(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    assert [process.pid for process in processes.find(tmp_path)] == [sleeper.pid]
    assert processes.find(tmp_path / "other") == []


def test_stopping_ends_them(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    assert processes.stop_all(tmp_path, grace_s=5) == [sleeper.pid]
    assert not psutil.pid_exists(sleeper.pid)
    assert processes.stop_all(tmp_path, grace_s=5) == []


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(DEAF, env=processes.mark(tmp_path), stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        deaf.stdout.readline()
        processes.stop_all(tmp_path, grace_s=0.2)
        assert not psutil.pid_exists(deaf.pid)
