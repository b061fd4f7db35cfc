"""Every command that needs a broker or a stack ends at once, with one sentence, where none is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack.installation import ROOT
from stack.settings import Ports, StackSettings, save

AT_ONCE_S = 25.0
"""Long beside the second that Python takes to start, on a machine with a load of ten too, and short
beside any client's time-out of 30 s."""

SMALL = ("--users", "20", "--merchants", "40", "--payments", "100")
OF_A_STACK = {
    "audit": ("audit",),
    "alerts": ("alerts",),
    "rescore": ("rescore", "--bundle", "ensemble", "--to", "no-such-folder"),
    "submit": ("submit",),
    "produce": ("produce", "world", *SMALL),
}
CLOSED = "127.0.0.1:1"
ADDRESSES = (CLOSED, "no-such-host.invalid:9092", "localhost", "127.0.0.1:99999", ",")


def refused(*arguments: str) -> str:
    """Call the command line in a process of its own and return its only sentence of error."""
    started = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 1, told.stderr
    assert time.monotonic() - started < AT_ONCE_S
    assert "Traceback" not in told.stderr
    assert not re.search(r"^%\d\|", told.stderr, re.MULTILINE), "a log line of librdkafka"
    [sentence] = [line for line in told.stderr.splitlines() if line.lower().startswith("error: ")]
    return sentence


@pytest.mark.parametrize("name", OF_A_STACK)
def test_a_folder_without_a_stack_is_told(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "none"
    assert "There is no stack in" in refused(*OF_A_STACK[name], "--folder", str(folder))
    assert not folder.exists()


@pytest.mark.parametrize("name", OF_A_STACK)
def test_a_stack_that_is_stopped_is_told(name: str, tmp_path: Path) -> None:
    save(StackSettings(tmp_path), Ports(1, 1, 1, 1, 1, 1))
    told = refused(*OF_A_STACK[name], "--folder", str(tmp_path))
    assert f"No Kafka broker answers at {CLOSED}: start one with ./cardwatch up" in told


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_where_nobody_answers_is_told(address: str) -> None:
    told = refused("alerts", "--bootstrap", address)
    assert "No Kafka broker answers" in told or "is not the address of a broker" in told


def test_produce_tells_it_before_it_makes_a_payment() -> None:
    assert CLOSED in refused(*OF_A_STACK["produce"], "--bootstrap", CLOSED)


def test_submit_tells_of_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    """Before anything is asked of a cluster, and before a job is stopped for it."""
    save(StackSettings(tmp_path), Ports(1, 1, 1, 1, 1, 1))
    told = refused("submit", "--replace", "--bundle", "nosuch", "--folder", str(tmp_path))
    assert "No bundle 'nosuch' in" in told
