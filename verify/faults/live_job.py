"""The job under attack: submitted, stopped, resumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.job import JOB
from jobs.settings import Engine
from stack.services.embedded import Stack
from stack.submission.submit import submit

_START_S = 120.0


@dataclass
class LiveJob:
    """The job of a run.

    `id` is "" where it does not run now; `widest` its largest parallelism; `script` what is
    submitted, another one where an older release is to be imitated.
    """

    stack: Stack
    bundle: Path
    engine: Engine
    parallelism: int
    arguments: tuple[str, ...] = ()
    script: Path = JOB
    id: str = ""
    widest: int = 1

    def start(self, snapshot: Path | None = None, *arguments: str) -> None:
        """Submit the job, from a savepoint or checkpoint if given, and wait until it runs.

        Further arguments win over the job's own; change `script`, `bundle`, `engine` and
        `parallelism` before to start it with others.
        """
        own = ["--bootstrap", self.stack.kafka, "--bundle", str(self.bundle)]
        own += ["--engine", self.engine, *self.arguments, *arguments]
        self.id = submit(
            self.stack,
            self.script,
            own,
            savepoint=None if snapshot is None else snapshot.as_uri(),
            parallelism=self.parallelism,
        )
        self.widest = max(self.widest, self.parallelism)
        self.stack.flink.wait_until_running(self.id, _START_S)

    def savepoint(self) -> Path:
        """Take a savepoint of the running job and return its folder."""
        return _path(self.stack.flink.savepoint(self.id, stop=False))

    def stop(self) -> Path:
        """Stop the job with a savepoint and return its folder."""
        place = _path(self.stack.flink.savepoint(self.id, stop=True))
        self.id = ""
        return place

    def cancel(self) -> None:
        """Cancel the job without a savepoint; its last checkpoints stay."""
        if self.id:
            self.stack.flink.cancel(self.id)
            self.id = ""


def _path(uri: str) -> Path:
    return Path(uri.removeprefix("file:"))
