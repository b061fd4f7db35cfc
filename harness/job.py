"""The job under measurement: submitted, watched by its decisions, cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer

from events.topics import DECISIONS
from harness.errors import BenchmarkError
from harness.offsets import consumer_settings, end_offsets, end_positions
from jobs.settings import DEFAULT_ENGINE, Engine
from stack.errors import StackError
from stack.services.embedded import Stack
from stack.submission.submit import submit

JOB = Path(__file__).resolve().parents[1] / "jobs" / "fraud_detection.py"

_NAME = "bench"
_LOOK_EVERY_S = 0.5
_TELL_EVERY_S = 3.0
_STALLED_S = 60.0
_START_S = 180.0

Progress = Callable[[str], None]


@dataclass(frozen=True)
class RunningJob:
    """A job that started without state; its decisions begin at `decisions_from`."""

    stack: Stack
    id: str
    decisions_from: dict[int, int]

    @property
    def pids(self) -> dict[str, list[int]]:
        """The processes at work: TaskManagers (the job's) and broker."""
        names = self.stack.settings.programs
        workers = [self.stack.pid(name) for name in names if name.startswith("taskmanager")]
        return {"job": workers, "broker": [self.stack.pid("broker")]}

    def wait_for_decisions(self, count: int, progress: Progress) -> None:
        """Wait until about so many decisions have been written, committed or not.

        The count is from offsets, which the markers of transactions raise by some in a thousand:
        read the topic for the exact one. BenchmarkError where nothing comes for a minute.
        """
        consumer = Consumer(consumer_settings(self.stack.kafka, committed=False))
        start, seen = sum(self.decisions_from.values()), 0
        changed_s = told_s = time.monotonic()
        try:
            while seen < count:
                time.sleep(_LOOK_EVERY_S)
                places = end_positions(consumer, DECISIONS.name)
                now = sum(place.offset for place in places) - start
                at_s = time.monotonic()
                changed_s = at_s if now > seen else changed_s
                seen = now
                if at_s - told_s > _TELL_EVERY_S:
                    told_s = at_s
                    progress(f"{min(seen, count):,} of {count:,} decisions")
                if at_s - changed_s > _STALLED_S:
                    raise BenchmarkError(self._stalled(seen, count))
        finally:
            consumer.close()

    def _stalled(self, seen: int, count: int) -> str:
        reason = self.stack.flink.exception(self.id).strip().splitlines()
        return (
            f"The job has written {seen:,} of {count:,} decisions and none for a minute; its last "
            f"exception: {reason[0] if reason else 'none'}"
        )


@contextmanager
def running_job(
    stack: Stack,
    bundle: Path,
    parallelism: int = 1,
    engine: Engine = DEFAULT_ENGINE,
    more_arguments: Sequence[str] = (),
    options: Sequence[tuple[str, str]] = (),
) -> Iterator[RunningJob]:
    """Submit the job without state, from the beginning of the topics; cancel it at the end.

    `more_arguments` are the job's own, such as `--batch-size 1`; `options` are Flink's.
    """
    start = end_offsets(stack.kafka, DECISIONS.name, committed=False)
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(bundle), "--engine", engine]
    arguments += more_arguments
    arguments += ["--group-id", _NAME, "--transaction-prefix", _NAME]
    job_id = submit(stack, JOB, arguments, parallelism=parallelism, options=options)
    try:
        stack.flink.wait_until_running(job_id, _START_S)
        yield RunningJob(stack, job_id, start)
    except BaseException:
        # A job that failed may not end either; what it failed of is the news.
        with suppress(StackError):
            stack.flink.cancel(job_id, timeout_s=5)
        raise
    stack.flink.cancel(job_id)
