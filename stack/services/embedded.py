"""Start, stop and describe one embedded stack."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from stack import ports
from stack.clients import topics
from stack.clients.flink import FlinkClient
from stack.errors import StackError
from stack.installation import Installation
from stack.services import cluster, kafka, memory, problems, processes, waiting, zookeeper
from stack.services.status import ProcessStatus, StackStatus
from stack.services.supervision import Program, Supervisor
from stack.settings import (
    ZOOKEEPER,
    Layout,
    Ports,
    StackSettings,
    is_taskmanager,
    load,
    save,
)

Progress = Callable[[str], None]

_STOP_TIMEOUT_S = 25.0
_STATUS_TIMEOUT_S = 1.5
_RUNNING = "RUNNING"


def _silent(_: str) -> None:
    pass


@dataclass
class Stack:
    """A Kafka broker and a Flink session cluster below one folder.

    >>> stack = Stack(StackSettings(folder=Path(".cardwatch/stack")))
    >>> stack.up().kafka  # starts processes  # doctest: +SKIP
    '127.0.0.1:29092'
    """

    settings: StackSettings
    install: Installation = field(default_factory=Installation)

    @classmethod
    def attach(cls, folder: Path) -> Stack:
        """Take over the stack that was last started in `folder`.

        Raises:
            StackError: None was.
        """
        known = load(folder)
        if known is None:
            raise StackError(f"There is no stack in {folder}: start one with ./cardwatch up.")
        return cls(known[0])

    @property
    def layout(self) -> Layout:
        """The folders of this stack."""
        return Layout(self.settings.folder)

    @property
    def kafka(self) -> str:
        """The broker's bootstrap address."""
        return kafka.bootstrap(*self._known())

    @property
    def flink(self) -> FlinkClient:
        """A client of the cluster's REST API."""
        return FlinkClient(cluster.ui(self._ports()))

    @property
    def client_environment(self) -> dict[str, str]:
        """The environment in which `flink run` finds this cluster."""
        return cluster.environment(self.install, self.settings)

    def up(self, progress: Progress = _silent) -> StackStatus:
        """Start what is not running, wait until it serves, create the topics.

        Raises:
            StackError: Something is missing or taken, or a process does not start; what this
                call started has been stopped again.
        """
        with self._lock():
            programs = self._supervisor.programs()
            if programs is None:
                self._start(progress)
            else:
                self._complete(programs, progress)
            topics.create_topics(self.kafka)
        return self.status()

    def scale(self, taskmanagers: int) -> StackStatus:
        """Start or stop TaskManagers until there are as many as asked for."""
        self.settings = replace(self.settings, taskmanagers=taskmanagers)
        return self.up()

    def down(self, *, delete_data: bool = False, progress: Progress = _silent) -> None:
        """Stop every process; with `delete_data` remove the folder too. Harmless when stopped."""
        if not self.settings.folder.exists():
            return
        with self._lock():
            self._stop(progress)
            shutil.rmtree(self.layout.temporary, ignore_errors=True)
            if delete_data:
                progress("removing the data")
                shutil.rmtree(self.settings.folder, ignore_errors=True)

    def status(self) -> StackStatus:
        """Describe the stack as it is now; asks the supervisor and the cluster."""
        known = load(self.settings.folder)
        programs = self._supervisor.programs()
        quick = replace(self.flink, timeout_s=_STATUS_TIMEOUT_S) if programs else None
        registered = waiting.registered(quick) if quick else 0
        serves = known is not None and topics.is_listening(kafka.bootstrap(*known))
        return StackStatus(
            state=self._state(programs, registered, broker_serves=serves),
            kafka=kafka.bootstrap(*known) if known and programs else None,
            flink_ui=cluster.ui(known[1]) if known and programs else None,
            taskmanagers=registered,
            processes={
                name: ProcessStatus(p.state, p.pid, p.uptime_s, processes.memory_mb(p.pid))
                for name, p in (programs or {}).items()
            },
            folder=self.settings.folder,
            logs=self.layout.logs,
            problems=tuple(problems.tell(self.layout, programs or {}, broker_serves=serves))
            if programs
            else (),
            broker_serves=serves,
            flink_environment={
                "FLINK_CONF_DIR": str(self.layout.conf),
                "FLINK_LIB_DIR": str(self.layout.lib),
            },
        )

    def pid(self, name: str) -> int:
        """Return the pid of a process by its name: broker, jobmanager, taskmanager-1, ...

        Raises:
            StackError: It is not running.
        """
        program = (self._supervisor.programs() or {}).get(name)
        if program is None or not program.pid:
            raise StackError(f"{name} is not running in {self.settings.folder}.")
        return program.pid

    @property
    def _supervisor(self) -> Supervisor:
        return Supervisor(self.settings.folder)

    def _known(self) -> tuple[StackSettings, Ports]:
        known = load(self.settings.folder)
        if known is None:
            raise StackError("The stack has not been started: start it with ./cardwatch up.")
        return known

    def _ports(self) -> Ports:
        return self._known()[1]

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one command at a time change this stack."""
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        with (self.settings.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _start(self, progress: Progress) -> None:
        self._stop(progress)
        self.install.check()
        memory.check(self.settings)
        known = load(self.settings.folder)
        chosen = ports.choose(self.settings, known[1] if known else None)
        shutil.rmtree(self.layout.temporary, ignore_errors=True)
        zookeeper.forget(self.layout)
        for folder in (self.layout.conf, self.layout.logs, self.layout.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        save(self.settings, chosen)
        self._write_config(chosen)
        kafka.format_storage(self.install, self.settings)
        progress("starting the broker and the cluster")
        self._supervisor.start(self.install.python, self.client_environment)
        try:
            self._wait(progress)
        except StackError:
            self._stop(progress)
            raise

    def _complete(self, programs: dict[str, Program], progress: Progress) -> None:
        """Bring a running stack to these settings, as far as that needs no restart."""
        chosen = self._ports()
        if ZOOKEEPER not in programs:
            raise StackError(
                "The stack runs without ZooKeeper, as an older version has started it: "
                "./cardwatch down, then up."
            )
        have = (chosen.kafka, chosen.flink_ui)
        wanted = (self.settings.kafka_port or have[0], self.settings.flink_port or have[1])
        if wanted != have:
            raise StackError(
                f"The stack runs with ports {chosen.kafka} (Kafka) and {chosen.flink_ui} (Flink): "
                "stop it with ./cardwatch down before choosing others."
            )
        if set(programs) != set(self.settings.programs):
            progress(f"changing to {self.settings.taskmanagers} TaskManagers")
            save(self.settings, chosen)
            self._write_config(chosen)
            self._supervisor.reload()
        self._supervisor.start_ended()
        self._wait(progress)

    def _write_config(self, chosen: Ports) -> None:
        kafka.write_config(self.install, self.settings, chosen)
        cluster.write_config(self.install, self.settings, chosen)
        java, prefixes = str(self.install.java), self.settings.prefixes
        self._supervisor.write_config(
            {
                name: [*prefixes.get(name, ()), java, f"@conf/{name}.args"]
                for name in self.settings.programs
            }
        )

    def _wait(self, progress: Progress) -> None:
        progress("waiting until both serve")
        waiting.until_serving(
            self.settings.folder, self.kafka, self.flink, self.settings.taskmanagers
        )

    def _state(
        self, programs: dict[str, Program] | None, registered: int, *, broker_serves: bool
    ) -> str:
        if programs is None:
            return "orphaned" if processes.find(self.settings.folder) else "stopped"
        all_run = all(program.state == _RUNNING for program in programs.values())
        taskmanagers = sum(map(is_taskmanager, programs))
        well = all_run and broker_serves and registered == taskmanagers
        return "running" if well else "degraded"

    def _stop(self, progress: Progress) -> None:
        if processes.find(self.settings.folder):
            progress("stopping the processes")
            if not self._supervisor.stop(_STOP_TIMEOUT_S):
                processes.stop_all(self.settings.folder, grace_s=5)
        self._supervisor.remove_socket()
