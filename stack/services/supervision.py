"""Run the processes under supervisord: start, restart after a crash, stop, say how they are."""

from __future__ import annotations

import configparser
import hashlib
import shlex
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from stack.errors import StackError
from stack.services import processes

# The longest path that a Unix socket may have is 108 bytes on Linux and 104 on macOS.
_LONGEST_SOCKET_PATH = 100

# Each program: started at once, restarted whenever it ends, asked to stop and after some seconds
# killed, with everything that it started.
_PROGRAM = {
    "autorestart": "true",
    "startsecs": "2",
    # Never given up while what it needs is away, such as room on a disk: it is tried again after
    # 1, 2, 3, ... seconds. `up` does not wait for that, it tells of the first failure.
    "startretries": "1000",
    "stopsignal": "TERM",
    "stopwaitsecs": "8",
    "stopasgroup": "true",
    "killasgroup": "true",
    "redirect_stderr": "true",
    "stdout_logfile_maxbytes": "10MB",
    "stdout_logfile_backups": "2",
}


@dataclass(frozen=True)
class Program:
    """One supervised process as the supervisor sees it.

    Attributes:
        state: RUNNING, STARTING, BACKOFF (ended, waits for the next try), FATAL, STOPPED, ...
        pid: 0 where there is no process.
        uptime_s: Seconds since its last start.
    """

    name: str
    state: str
    pid: int
    uptime_s: int


@dataclass(frozen=True)
class Supervisor:
    """The supervisor of the stack in one folder."""

    folder: Path

    @property
    def _socket(self) -> Path:
        path = self.folder / "supervisor.sock"
        if len(str(path)) <= _LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"cardwatch-{digest}.sock")

    @property
    def _ini(self) -> Path:
        return self.folder / "conf" / "supervisord.ini"

    def write_config(self, commands: Mapping[str, Sequence[str]]) -> None:
        """Write the configuration: one program for each name and command, started in order."""
        config = configparser.RawConfigParser()
        config["unix_http_server"] = {"file": _plain(self._socket), "chmod": "0700"}
        config["supervisord"] = {
            "logfile": "logs/supervisor.log",
            "logfile_maxbytes": "5MB",
            "logfile_backups": "1",
            "pidfile": "supervisor.pid",
            "silent": "true",
        }
        config["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        for priority, (name, command) in enumerate(commands.items()):
            config[f"program:{name}"] = {
                "command": _plain(shlex.join(command)),
                "priority": str(priority),
                "stdout_logfile": f"logs/{name}.out",
                **_PROGRAM,
            }
        with self._ini.open("w") as file:
            config.write(file)

    def start(self, python: Path, environment: Mapping[str, str]) -> None:
        """Start the supervisor, which starts the programs and outlives this process."""
        command = [str(python), "-m", "supervisor.supervisord", "-c", str(self._ini)]
        told = subprocess.run(
            command,
            cwd=self.folder,
            env={**environment, **processes.mark(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if told.returncode:
            raise StackError(f"The supervisor did not start: {told.stderr.strip()[-500:]}")

    def reload(self) -> None:
        """Take over a changed configuration: start programs that are new, stop those gone."""
        with self._proxy() as rpc:
            told: Any = rpc.supervisor.reloadConfig()
            [[added, changed, removed]] = told
            for name in [*removed, *changed]:
                rpc.supervisor.stopProcessGroup(name)
                rpc.supervisor.removeProcessGroup(name)
            for name in [*added, *changed]:
                rpc.supervisor.addProcessGroup(name)

    def start_ended(self) -> None:
        """Start the programs that the supervisor has given up."""
        for program in (self.programs() or {}).values():
            if program.state in ("FATAL", "EXITED", "STOPPED"):
                with self._proxy() as rpc:
                    rpc.supervisor.startProcess(program.name, False)

    def programs(self) -> dict[str, Program] | None:
        """Return every program by name, None where no supervisor answers."""
        try:
            with self._proxy() as rpc:
                told: Any = rpc.supervisor.getAllProcessInfo()
        except (OSError, HTTPException, Fault):
            return None
        return {
            info["name"]: Program(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"],
                uptime_s=max(0, info["now"] - info["start"]) if info["pid"] else 0,
            )
            for info in told
        }

    def stop(self, timeout_s: float) -> bool:
        """Stop every program, then the supervisor.

        Returns:
            Whether it had ended by `timeout_s`; False too where none answers.
        """
        try:
            with self._proxy() as rpc:
                rpc.supervisor.shutdown()
        except (OSError, HTTPException, Fault):
            return False
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not processes.find(self.folder):
                return True
            time.sleep(0.1)
        return False

    def remove_socket(self) -> None:
        """Remove the socket that a killed supervisor leaves."""
        with suppress(FileNotFoundError):
            self._socket.unlink()

    def _proxy(self) -> ServerProxy:
        transport = SupervisorTransport(serverurl=f"unix://{self._socket}")
        return ServerProxy("http://127.0.0.1", transport=transport)


def _plain(value: object) -> str:
    """Keep supervisord from expanding percent signs."""
    return str(value).replace("%", "%%")
