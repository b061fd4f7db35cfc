"""The command line: what a newcomer sees, and the exit codes."""

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, cardwatch
from stack.installation import ROOT

PRESENT = [name for name, each in COMMANDS.items() if importlib.util.find_spec(each.module)]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Call the command line in a process of its own."""
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", PRESENT)
def test_each_command_shows_an_example_and_its_verbosity(name: str) -> None:
    told = CliRunner().invoke(cardwatch, [name, "--help"]).output
    assert f"./cardwatch {name}" in told
    assert "Example" in told
    if not _is_only_a_group(name):
        assert "--quiet" in told
        assert "--verbose" in told


@pytest.mark.parametrize("name", PRESENT)
def test_each_command_says_what_it_does_in_a_sentence(name: str) -> None:
    command = cardwatch.get_command(click.Context(cardwatch), name)
    assert command is not None
    assert len(command.get_short_help_str(limit=200)) > 20


def test_an_unknown_command_is_a_wrong_call() -> None:
    told = run("upp")
    assert told.returncode == 2
    assert "'upp'" in told.stderr
    assert "status" in told.stderr


def test_a_wrong_option_is_a_wrong_call() -> None:
    assert run("up", "--taskmanagers", "none").returncode == 2


def test_what_does_not_hold_ends_with_one(tmp_path: Path) -> None:
    told = run("status", "--folder", str(tmp_path), "--json", "-")
    assert told.returncode == 1
    assert '"state": "stopped"' in told.stdout


def test_a_failure_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = str(server.getsockname()[1])
        told = run("up", "--folder", str(tmp_path), "--kafka-port", taken)
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1] == (
        f"error: Port {taken} is taken by another program: stop it, or choose with --kafka-port."
    )


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    told = run("status", "--folder", str(tmp_path), "--json", str(tmp_path / "none" / "x.json"))
    assert told.returncode == 1
    assert "x.json cannot be written (No such file or directory)" in told.stderr
    assert "Traceback" not in told.stderr


def _is_only_a_group(name: str) -> bool:
    """Say whether all that a command does is done by those below it, each with its own options."""
    module = importlib.import_module(COMMANDS[name].module)
    return isinstance(module.command, click.Group) and not module.command.invoke_without_command
