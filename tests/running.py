"""The real job on a real stack of its own, for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stack.submit import ROOT, start_job
from events.topics import DECISIONS
from jobs.settings import DIRECT, Profile
from scoring.loader import Bundle, find_bundle, load_bundle
from stack.clients.reading import read_topic
from stack.services.embedded import Stack
from stack.settings import StackSettings
from tests.waiting import wait_for
from verify.parity.compare import Stream

MODELS = ROOT / "onnx_models"


@dataclass
class RunningJob:
    """A stack, and the job that runs on it now."""

    stack: Stack
    job_id: str
    direct: bool = DIRECT

    def stop(self) -> Path:
        """Stop the job with a savepoint and return where it lies."""
        return Path(self.stack.flink.savepoint(self.job_id, stop=True).removeprefix("file:"))

    def resume(
        self, savepoint: Path, profile: Profile = "latency", parallelism: int | None = None
    ) -> None:
        """Start the job anew from a savepoint."""
        self.job_id = start_job(
            self.stack,
            _bundle(),
            profile,
            _silent,
            direct=self.direct,
            start=savepoint,
            parallelism=parallelism,
        )

    def wait_until_decided(self, payments: int, timeout_s: float = 120.0) -> None:
        """Wait until so many decisions are committed; more than that is left to the test."""

        def decided() -> bool:
            return len(read_topic(self.stack.kafka, DECISIONS.name)) >= payments

        wait_for(decided, timeout_s, f"{payments} committed decisions")


@contextmanager
def running_job(
    folder: Path,
    *,
    taskmanagers: int = 2,
    profile: Profile = "latency",
    direct: bool = DIRECT,
    **settings: object,
) -> Iterator[RunningJob]:
    """Start a stack below `folder` and the job with the shipped bundle on it; stop both after.

    Without `direct` the stages take PyFlink's ordinary return path; set it on the job to change
    the path with the next `resume`.
    """
    stack = Stack(StackSettings(folder, taskmanagers=taskmanagers, **settings))  # type: ignore[arg-type]
    stack.up()
    try:
        job_id = start_job(stack, _bundle(), profile, _silent, direct=direct)
        yield RunningJob(stack, job_id, direct)
    finally:
        stack.down(delete_data=True)


def shipped_bundle() -> Bundle:
    """Load the bundle that the job of these tests scores with."""
    return load_bundle(_bundle())


def levels(stream: Stream) -> set[str]:
    """Return the risk levels that occur, to see that a test has something to tell apart."""
    return {decision.risk_level for decision in stream.decisions}


def _bundle() -> Path:
    return find_bundle(MODELS, "ensemble")


def _silent(_: str) -> None:
    pass
