"""What is wrong with a stack is told in sentences."""

from __future__ import annotations

from pathlib import Path

from stack.services.problems import full_disks, tell
from stack.services.supervision import Program
from stack.services.waiting import last_error
from stack.settings import Layout

_RUNS = Program("broker", "RUNNING", 1, 9)
_MORE_THAN_ANY_DISK_MB = 1 << 40


def test_a_stack_that_is_well_has_no_problems(tmp_path: Path) -> None:
    assert not [*tell(Layout(tmp_path), {"broker": _RUNS}, broker_serves=True)]


def test_a_process_that_has_ended_is_named_with_its_last_error(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.logs.mkdir()
    line = "2026-01-01 00:00:00,000 ERROR kafka.LogManager - Shutdown: no space left\n"
    (layout.logs / "broker.log").write_text(line)
    ended = Program("broker", "BACKOFF", 0, 0)
    [told] = tell(layout, {"broker": ended}, broker_serves=False)
    assert "broker has ended and is started again" in told
    assert "Shutdown: no space left" in told


def test_a_broker_that_runs_and_does_not_serve_is_told(tmp_path: Path) -> None:
    [told] = tell(Layout(tmp_path), {"broker": _RUNS}, broker_serves=False)
    assert told == "broker starts and does not serve yet."


def test_each_full_disk_is_told_once(tmp_path: Path) -> None:
    [told] = full_disks(Layout(tmp_path), _MORE_THAN_ANY_DISK_MB)
    assert "MiB of disk left" in told
    assert "make room" in told


def test_an_error_is_told_with_the_cause_that_lies_deepest(tmp_path: Path) -> None:
    """The last line of a TaskManager that could not start is only that it ends."""
    (tmp_path / "taskmanager-1.log").write_text(
        "2026-11-22 22:28:01,100 ERROR org.apache.flink.Old [] - Something long ago.\n"
        "java.lang.Exception: long ago\n"
        "2026-11-22 22:28:04,100 ERROR org.apache.flink.TaskManagerRunner [] - Terminating.\n"
        "org.apache.flink.util.FlinkException: Failed to start the TaskManagerRunner.\n"
        "\tat org.apache.flink.runtime.Runner.run(Runner.java:1)\n"
        "Caused by: java.net.BindException: Address already in use\n"
        "\tat java.base/sun.nio.ch.Net.bind(Net.java:1)\n"
    )
    told = last_error(tmp_path / "taskmanager-1")
    assert told == "Terminating. java.net.BindException: Address already in use"


def test_what_was_printed_stands_in_for_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "broker.out").write_text("first\nlast words\n")
    assert last_error(tmp_path / "broker") == "last words"
    assert last_error(tmp_path / "other") == "it left no message"
