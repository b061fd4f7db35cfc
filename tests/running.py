"""The real job on a real stack: of its own for one test, or on one that tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient

from cli.stack.submit import ROOT, start_job
from events.topics import DECISIONS, TOPICS
from jobs.settings import DEFAULT_ENGINE, Engine
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

    def stop(self) -> Path:
        """Stop the job with a savepoint and return where it lies."""
        return Path(self.stack.flink.savepoint(self.job_id, stop=True).removeprefix("file:"))

    def resume(
        self, savepoint: Path, engine: Engine = DEFAULT_ENGINE, parallelism: int | None = None
    ) -> None:
        """Start the job anew from a savepoint."""
        self.job_id = start_job(
            self.stack,
            _bundle(),
            _silent,
            engine=engine,
            start=savepoint,
            parallelism=parallelism,
        )

    def wait_until_decided(self, payments: int) -> None:
        """Wait until so many decisions are committed; more than that is left to the test."""

        def decided() -> bool:
            return len(read_topic(self.stack.kafka, DECISIONS.name)) >= payments

        wait_for(decided, f"{payments} committed decisions")


@contextmanager
def running_job(folder: Path) -> Iterator[RunningJob]:
    """Start a stack below `folder` and the job with the shipped bundle on it; stop both after."""
    stack = Stack(StackSettings(folder))
    stack.up()
    try:
        yield RunningJob(stack, start_job(stack, _bundle(), _silent))
    finally:
        stack.down(delete_data=True)


def start_anew(stack: Stack, engine: Engine = DEFAULT_ENGINE, *, parallelism: int) -> RunningJob:
    """Start the job without state, from the beginning of the topics."""
    job_id = start_job(stack, _bundle(), _silent, engine=engine, parallelism=parallelism)
    return RunningJob(stack, job_id)


@contextmanager
def emptied(stack: Stack) -> Iterator[Stack]:
    """Hand on a stack that others have used as if it were new; cancel its jobs after.

    No job runs, the topics are made anew, and no checkpoint or savepoint is left.
    """
    _cancel_all(stack)
    _delete_topics(stack)
    for folder in (stack.layout.checkpoints, stack.layout.savepoints):
        shutil.rmtree(folder, ignore_errors=True)
    stack.up()
    try:
        yield stack
    finally:
        _cancel_all(stack)


@contextmanager
def fresh_job(stack: Stack) -> Iterator[RunningJob]:
    """Run the job with the shipped bundle, without state, on a stack that others have used."""
    with emptied(stack):
        yield RunningJob(stack, start_job(stack, _bundle(), _silent))


def shipped_bundle() -> Bundle:
    """Load the bundle that the job of these tests scores with."""
    return load_bundle(_bundle())


def levels(stream: Stream) -> set[str]:
    """Return the risk levels that occur, to see that a test has something to tell apart."""
    return {decision.risk_level for decision in stream.decisions}


def _cancel_all(stack: Stack) -> None:
    for job in stack.flink.running():
        stack.flink.cancel(job.id)


def _delete_topics(stack: Stack) -> None:
    admin = AdminClient({"bootstrap.servers": stack.kafka})

    def known() -> list[str]:
        return [
            topic.name for topic in TOPICS if topic.name in admin.list_topics(timeout=20).topics
        ]

    if names := known():
        for deleted in admin.delete_topics(names).values():
            deleted.result(60)
        wait_for(lambda: not known(), "the topics are deleted")


def _bundle() -> Path:
    return find_bundle(MODELS, "ensemble")


def _silent(_: str) -> None:
    pass
