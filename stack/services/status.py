"""Data behind `status`: the processes and addresses of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessStatus:
    """One process: its supervisor's word for its state, pid, age and resident memory."""

    state: str
    pid: int
    uptime_s: int
    memory_mb: int


@dataclass(frozen=True)
class StackStatus:
    """The whole stack.

    Attributes:
        state: running; degraded (a process is down or not registered); stopped; orphaned
            (processes without their supervisor, which `down` ends).
        kafka: Bootstrap address, None when stopped.
        flink_ui: Address of the web UI and REST API, None when stopped.
        taskmanagers: How many have registered with the JobManager.
        processes: Each process by name.
        folder: Where everything is kept.
        logs: Where the logs are.
        problems: What is wrong and what to do about it, in sentences.
        broker_serves: Whether something listens where clients find the broker.
        flink_environment: What the distribution's own bin/flink needs to find this cluster.
    """

    state: str
    kafka: str | None
    flink_ui: str | None
    taskmanagers: int
    processes: Mapping[str, ProcessStatus]
    folder: Path
    logs: Path
    problems: tuple[str, ...]
    broker_serves: bool
    flink_environment: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        """Return what `status --json` prints."""
        return {
            "state": self.state,
            "kafka": self.kafka,
            "flink_ui": self.flink_ui,
            "taskmanagers": self.taskmanagers,
            "processes": {name: vars(process) for name, process in self.processes.items()},
            "folder": str(self.folder),
            "logs": str(self.logs),
            "problems": list(self.problems),
            "flink_environment": dict(self.flink_environment),
        }
