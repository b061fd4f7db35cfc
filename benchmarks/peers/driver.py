"""Driver of peers: declaration, start, kill and stop are the same for all."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil

from benchmarks.peers.environment import Environment
from harness.errors import BenchmarkError
from stack.errors import StackError
from stack.services.embedded import Stack

_STOP_S = 20.0
_JOB_START_S = 180.0


@dataclass(frozen=True)
class Scene:
    """Surroundings of a peer: the broker's stack, a model, an empty folder, an environment."""

    stack: Stack
    bundle: Path
    folder: Path
    environment: Environment

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its processes: one thread for each numeric library."""
        root = self.stack.install.root
        return {
            **os.environ,
            "PYTHONPATH": str(root),
            "PYTHONUNBUFFERED": "1",
            "NUMBA_CACHE_DIR": str(self.stack.install.numba_cache),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": str(self.environment.python),
            "JAVA_HOME": str(self.stack.install.java_home),
        }


class Driver(Protocol):
    """A peer at work."""

    def start(self) -> None:
        """Start it, or start it again after `kill`; returns before it has decided anything."""

    def pids(self) -> list[int]:
        """Return its processes; their children count with them."""

    def kill(self) -> None:
        """End everything that computes with SIGKILL."""

    def stop(self) -> None:
        """End it in its own way; harmless where it does not run."""

    def problem(self) -> str | None:
        """Return why it has ended by itself, None while it works."""


@dataclass(frozen=True)
class Peer:
    """One way to do the work, as a declaration.

    Attributes:
        name: As `--peer` names it.
        about: What it is, in a few words.
        guarantee: What its documentation promises of its output and its state after a crash.
        configuration: What was chosen, and why.
        batches: What it takes in batches, as far as its interface has them.
        driver: Makes what starts and stops it.
        flink: Options of the stack's cluster, for a peer that runs on it.
        keeps_state: Whether its state outlives a crash.
        micro_batches: Whether thousands of decisions share a moment, so that its rate is that over
            whole batches, not the median of slices.
        reduced: What of the work it leaves out; empty where it does all of it.
    """

    name: str
    about: str
    guarantee: str
    configuration: str
    batches: str
    driver: Callable[[Scene], Driver]
    flink: dict[str, str] = field(default_factory=dict)
    keeps_state: bool = True
    micro_batches: bool = False
    reduced: str = ""


@dataclass
class Processes:
    """A peer that is processes of its own, one for each command; they share a log file."""

    commands: Sequence[Sequence[str]]
    scene: Scene
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """Output of the peer's processes."""
        return self.scene.folder / "peer.log"

    def start(self) -> None:
        """Start every process in a session of its own."""
        with self.log.open("ab") as log:
            self._running = [
                subprocess.Popen(
                    command,
                    cwd=self.scene.folder,
                    env=self.scene.variables,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                for command in self.commands
            ]

    def pids(self) -> list[int]:
        """Return the processes that were started."""
        return [process.pid for process in self._running]

    def kill(self) -> None:
        """SIGKILL each process and all below it, at once."""
        for process in self._family():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._reap()

    def stop(self) -> None:
        """SIGTERM each process; after 20 s SIGKILL what is left."""
        family = self._family()
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(family, timeout=_STOP_S)
        for one in alive:
            with contextlib.suppress(psutil.Error):
                one.kill()
        self._reap()

    def problem(self) -> str | None:
        """Return the last line of the log where a process has ended."""
        ended = [process.returncode for process in self._running if process.poll() is not None]
        if not ended:
            return None
        lines = self.log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
        return f"it ended with status {ended[0]}: {lines[-1][-300:]}"

    def _family(self) -> list[psutil.Process]:
        """Return the processes and all that they have started."""
        found = []
        for process in self._running:
            with contextlib.suppress(psutil.Error):
                parent = psutil.Process(process.pid)
                found += [parent, *parent.children(recursive=True)]
        return found

    def _reap(self) -> None:
        for process in self._running:
            process.wait(_STOP_S)
        self._running = []


@dataclass
class FlinkJob:
    """A peer that is a job on the stack's cluster; the supervisor starts killed processes again."""

    submit: Callable[[Stack], str]
    scene: Scene
    _job: str | None = None

    def start(self) -> None:
        """Submit the job; after a kill the cluster restores it by itself."""
        stack = self.scene.stack
        if self._job is None:
            self._job = self.submit(stack)
            stack.flink.wait_until_running(self._job, _JOB_START_S)

    def pids(self) -> list[int]:
        """Return TaskManagers and JobManager: all of them are there for the job."""
        stack = self.scene.stack
        return [stack.pid(name) for name in stack.settings.programs if name != "broker"]

    def kill(self) -> None:
        """SIGKILL every TaskManager and its workers; the JobManager stays, as in a real cluster."""
        stack = self.scene.stack
        workers = [name for name in stack.settings.programs if name.startswith("taskmanager")]
        for name in workers:
            with contextlib.suppress(psutil.Error, StackError):
                process = psutil.Process(stack.pid(name))
                for one in (*process.children(recursive=True), process):
                    one.kill()

    def stop(self) -> None:
        """Cancel the job."""
        if self._job is not None:
            with contextlib.suppress(StackError):
                self.scene.stack.flink.cancel(self._job)
            self._job = None

    def problem(self) -> str | None:
        """Return the job's last exception where it has failed for good."""
        if self._job is None:
            return None
        flink = self.scene.stack.flink
        with contextlib.suppress(StackError):
            if flink.state(self._job) == "FAILED":
                return "the job failed: " + (flink.exception(self._job).splitlines() or ["?"])[0]
        return None


def wait_while_working(
    driver: Driver,
    done: Callable[[], bool],
    timeout_s: float,
    what: str,
    look_every_s: float = 0.05,
) -> None:
    """Wait until `done`; BenchmarkError where the peer ends or the time does."""
    deadline = time.monotonic() + timeout_s
    while not done():
        problem = driver.problem()
        if problem is not None:
            raise BenchmarkError(f"Waiting for {what}, but {problem}")
        if time.monotonic() > deadline:
            raise BenchmarkError(f"Waited {timeout_s:.0f} s for {what}, and it did not come.")
        time.sleep(look_every_s)
