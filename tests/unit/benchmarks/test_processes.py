from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from cli.bench.command import command
from cli.bench.options import Listed
from harness.cpu import CpuMeter, cpu_seconds
from harness.errors import BenchmarkError
from harness.load import Load, transaction_id
from harness.own_stack import own_stack
from tests.waiting import wait_for

_BUSY = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


@pytest.fixture
def busy_parent() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its child, which is busy."""
    process = subprocess.Popen([sys.executable, "-c", _BUSY])
    yield process
    for child in psutil.Process(process.pid).children(recursive=True):
        child.kill()
    process.wait(10)


def test_a_child_counts_with_its_process(busy_parent: subprocess.Popen[bytes]) -> None:
    parent = psutil.Process(busy_parent.pid)
    before = cpu_seconds(parent)
    with CpuMeter({"busy": [busy_parent.pid]}) as meter:
        start_ms = time.time() * 1000
        wait_for(lambda: _of_children(parent) > 1, "a second of processor for the child")
        end_ms = time.time() * 1000
    assert 0.5 < meter.between(start_ms, end_ms)["busy"] <= cpu_seconds(parent) - before


def _of_children(parent: psutil.Process) -> float:
    return float(sum(child.cpu_times().user for child in parent.children()))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with (
        pytest.raises(BenchmarkError, match="not a stack's folder"),
        own_stack(tmp_path, 1, False, lambda _: None),
    ):
        pass
    assert (tmp_path / "holiday.jpg").exists()


def test_the_load_goes_on_where_it_was() -> None:
    load = Load()
    first = load.take_payments(50)
    second = load.take_payments(50)
    names = [transaction_id(record) for record in (*first, *second)]
    assert len(set(names)) == load.payments == 100
    assert not any(record.is_label for record in first)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engines", "fast"], "expected batch or pyflink"),
        (["--rates", "500,many"], "expected whole numbers above 0"),
        (["--payments", "3"], "--payments"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_an_unknown_bundle_is_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--models", str(tmp_path), "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "No bundle 'ensemble'" in result.output
    assert result.output.count("\n") == 1


def test_a_list_names_each_word_once() -> None:
    assert Listed().convert("500, 2000,500", None, None) == ("500", "2000")


@pytest.mark.parametrize("name", ["handbook", "hot-path"])
def test_help_of_a_sub_command_needs_no_measurement(name: str) -> None:
    result = CliRunner().invoke(command, [name, "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output
