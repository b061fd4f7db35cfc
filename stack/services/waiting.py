"""Wait until a stack serves, and say in one sentence why it does not."""

from __future__ import annotations

import re
import time
from pathlib import Path

from stack.clients import topics
from stack.clients.flink import FlinkClient, FlinkError
from stack.errors import StackError
from stack.services.supervision import Program, Supervisor
from stack.settings import Layout

# Ten seconds are usual; a machine that is busy with other work takes many times that.
_TIMEOUT_S = 240.0
_POLL_S = 0.2
ENDED = ("BACKOFF", "FATAL", "EXITED")
"""States of a program that has ended by itself."""


def until_serving(folder: Path, kafka: str, flink: FlinkClient, taskmanagers: int) -> None:
    """Wait until the broker answers and every TaskManager has registered.

    Raises:
        StackError: A process ended meanwhile, or it took too long.
    """
    supervisor = Supervisor(folder)
    first = supervisor.programs() or {}
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        _raise_for_ended(folder, first, supervisor.programs())
        if topics.is_serving(kafka) and registered(flink) == taskmanagers:
            return
        time.sleep(_POLL_S)
    raise StackError(
        f"The stack did not serve within {_TIMEOUT_S:.0f} s; its logs are in {Layout(folder).logs}."
    )


def registered(flink: FlinkClient) -> int:
    """Return how many TaskManagers the JobManager knows, 0 where it does not answer."""
    try:
        return flink.overview().taskmanagers
    except FlinkError:
        return 0


def _raise_for_ended(
    folder: Path, first: dict[str, Program], now: dict[str, Program] | None
) -> None:
    logs = Layout(folder).logs
    if now is None:
        raise StackError(f"The supervisor has ended; see {logs / 'supervisor.log'}.")
    for name, program in now.items():
        was = first.get(name, program)
        restarted = was.pid and program.pid and was.pid != program.pid
        if program.state in ENDED or restarted:
            raise StackError(
                f"{name} ended right after its start: {last_error(logs / name)} "
                f"(more in {logs / name}.log and .out)."
            )


_ERROR = re.compile(r" (?:ERROR|FATAL) +\S+ +(?:\[\] )?- (.*)")
_CAUSE = re.compile(r"^(?:Caused by: )?((?:\w+\.)+\w+(?:Exception|Error)\b.*)", re.MULTILINE)


def last_error(log: Path) -> str:
    """Return the last error in a process's log with its cause, or the end of what it printed."""
    told = _text(log.with_suffix(".log"))
    if errors := list(_ERROR.finditer(told)):
        message = errors[-1][1].strip()
        causes = _CAUSE.findall(told, errors[-1].end())
        return f"{message} {causes[-1].strip()}" if causes else message
    printed = _text(log.with_suffix(".out")).strip().splitlines()
    return printed[-1].strip() if printed else "it left no message"


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""
