"""Settings of an embedded stack, and the ports that a running stack has been given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from events.errors import one_line
from stack.errors import StackError

HOST = "127.0.0.1"

BROKER = "broker"
ZOOKEEPER = "zookeeper"
JOBMANAGER = "jobmanager"
_TASKMANAGER = "taskmanager-"

# Native memory beside the heap, in MiB: metaspace, code cache, threads, direct buffers and, in a
# TaskManager, the Python interpreter with its packages and a model.
_BROKER_NATIVE_MB = 200
# Heap and native memory of ZooKeeper, which holds some kilobytes; measured in ADR 0017.
_ZOOKEEPER_MB = 100
_JOBMANAGER_NATIVE_MB = 250
_TASKMANAGER_NATIVE_MB = 700


def taskmanager_name(number: int) -> str:
    """Return the name of the n-th TaskManager, counted from one."""
    return f"{_TASKMANAGER}{number}"


def is_taskmanager(name: str) -> bool:
    """Say whether a process is a TaskManager, by its name."""
    return name.startswith(_TASKMANAGER)


@dataclass(frozen=True)
class StackSettings:
    """One embedded stack.

    Attributes:
        folder: Everything that the stack writes: data, logs, checkpoints, savepoints, its state.
        taskmanagers: TaskManager processes, one slot each; the job takes two for each parallelism.
        kafka_port: Port of the broker; 0 takes the one of the last run, or any free one.
        flink_port: Port of the Flink web UI and REST API; 0 as above.
        broker_heap_mb: Heap of the broker, MiB.
        jobmanager_heap_mb: Heap of the JobManager, MiB.
        taskmanager_heap_mb: Heap of each TaskManager, MiB, of which Flink keeps 128 for itself.
        flink: Flink options that win over the profile, by their full key.
        hosts: Address on which a process serves and is found, by its name; the loopback address
            where none is given. For processes in a network namespace of their own.
        prefixes: Words before a process's command, by its name, such as `ip netns exec NAME`. They
            have to end in that command by exec, so that the supervisor's pid is the process's.
    """

    folder: Path
    taskmanagers: int = 2
    kafka_port: int = 0
    flink_port: int = 0
    broker_heap_mb: int = 512
    jobmanager_heap_mb: int = 320
    taskmanager_heap_mb: int = 640
    flink: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder).resolve())
        prefixes = {name: tuple(words) for name, words in self.prefixes.items()}
        object.__setattr__(self, "prefixes", prefixes)
        if self.taskmanagers < 1:
            raise StackError(f"At least one TaskManager is needed, not {self.taskmanagers}.")
        if self.taskmanager_heap_mb < 256:
            raise StackError(
                f"A TaskManager needs 256 MiB of heap, not {self.taskmanager_heap_mb}."
            )

    def host(self, name: str) -> str:
        """Return the address on which a process serves and is found."""
        return self.hosts.get(name, HOST)

    @property
    def memory_mb(self) -> int:
        """Memory that the whole stack may grow to, MiB."""
        taskmanager = self.taskmanager_heap_mb + _TASKMANAGER_NATIVE_MB
        return (
            self.broker_heap_mb
            + _BROKER_NATIVE_MB
            + _ZOOKEEPER_MB
            + self.jobmanager_heap_mb
            + _JOBMANAGER_NATIVE_MB
            + self.taskmanagers * taskmanager
        )

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the processes, in the order in which they start."""
        workers = [taskmanager_name(n + 1) for n in range(self.taskmanagers)]
        return (BROKER, ZOOKEEPER, JOBMANAGER, *workers)


@dataclass(frozen=True)
class Ports:
    """The ports that a run has been given, on the loopback address unless the settings say else.

    `zookeeper` is 0 where the last run was of a version without one.
    """

    kafka: int
    controller: int
    flink_ui: int
    jobmanager_rpc: int
    blob_server: int
    zookeeper: int = 0


@dataclass(frozen=True)
class Layout:
    """The folders and files below a stack's folder."""

    folder: Path

    @property
    def state(self) -> Path:
        """Settings and ports of the last run, JSON."""
        return self.folder / "stack.json"

    @property
    def conf(self) -> Path:
        """Generated configuration; FLINK_CONF_DIR."""
        return self.folder / "conf"

    @property
    def lib(self) -> Path:
        """Links to the cluster's jars; FLINK_LIB_DIR."""
        return self.folder / "lib"

    @property
    def logs(self) -> Path:
        """Logs of every process."""
        return self.folder / "logs"

    @property
    def kafka_data(self) -> Path:
        """Log segments of the broker."""
        return self.folder / "kafka"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints of the running jobs."""
        return self.folder / "checkpoints"

    @property
    def savepoints(self) -> Path:
        """Savepoints, kept until `down --delete`."""
        return self.folder / "savepoints"

    @property
    def zookeeper_data(self) -> Path:
        """Folder of what ZooKeeper keeps for the JobManager; emptied at each start."""
        return self.folder / "zookeeper"

    @property
    def recovery(self) -> Path:
        """Folder in which a restarted JobManager finds its job; emptied at each start."""
        return self.folder / "ha"

    @property
    def temporary(self) -> Path:
        """Scratch space of the processes, emptied at each start."""
        return self.folder / "tmp"


def save(settings: StackSettings, ports: Ports) -> None:
    """Write what a run was given to the stack's folder."""
    record = {"settings": {**asdict(settings), "folder": None}, "ports": asdict(ports)}
    Layout(settings.folder).state.write_text(json.dumps(record, indent=2) + "\n")


class _Record(msgspec.Struct):
    """Content of the state file."""

    settings: dict[str, object]
    ports: Ports


def _is_port(name: str, port: int) -> bool:
    return 0 < port < 65_536 or (name == ZOOKEEPER and port == 0)


def load(folder: Path) -> tuple[StackSettings, Ports] | None:
    """Read what the last run in `folder` was given, None where there was none."""
    path = Layout(folder.resolve()).state
    try:
        record = msgspec.json.decode(path.read_bytes(), type=_Record)
        if not all(_is_port(name, port) for name, port in vars(record.ports).items()):
            raise ValueError(f"ports from 1 to 65535 were expected, not {record.ports}")
        given = {**record.settings, "folder": folder}
        return msgspec.convert(given, StackSettings), record.ports
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError, StackError) as error:
        raise StackError(
            f"{path} is not a stack's state ({one_line(error, 300)}): "
            "remove the file and try again."
        ) from error
