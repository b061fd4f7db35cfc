"""The job of a run: submitted without state, and again from its newest checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from events.topics import DECISIONS
from harness.job import JOB, RunningJob
from harness.offsets import end_offsets
from stack.clients.flink import FlinkClient
from stack.services.embedded import Stack
from stack.submission.snapshots import newest_snapshot
from stack.submission.submit import submit

_GROUP = "bench-state"
_START_S = 600.0


@dataclass(frozen=True)
class Resumed:
    """A job that goes on from a checkpoint.

    `created_ms` is when the JobManager had it, epoch ms; seconds are from the call of `flink run`
    until that, from there until every task ran, and of that what the slowest task spent on its
    state and its interpreter.
    """

    job: RunningJob
    created_ms: int
    submitting_s: float
    tasks_running_s: float
    initialising_s: float


def start(stack: Stack, bundle: Path) -> RunningJob:
    """Submit the job without state and wait until it runs."""
    offsets = end_offsets(stack.kafka, DECISIONS.name, committed=False)
    job_id = _submit(stack, bundle, None, claim=False)
    stack.flink.wait_until_running(job_id, _START_S)
    return RunningJob(stack, job_id, offsets)


def resume(job: RunningJob, bundle: Path, *, claim: bool) -> Resumed:
    """Submit a cancelled job from its newest checkpoint, as `./cardwatch submit` does.

    With `claim` the job takes the checkpoint over, which `submit` does not ask for.
    """
    stack = job.stack
    snapshot = newest_snapshot(stack.layout)
    offsets = end_offsets(stack.kafka, DECISIONS.name, committed=False)
    called_ms = time.time() * 1000
    job_id = _submit(stack, bundle, snapshot, claim=claim)
    stack.flink.wait_until_running(job_id, _START_S)
    created_ms = int(stack.flink.job(job_id)["timestamps"]["CREATED"])
    tasks = list(_task_times(stack.flink, job_id))
    return Resumed(
        RunningJob(stack, job_id, offsets),
        created_ms,
        (created_ms - called_ms) / 1000,
        (max(one["RUNNING"] for one in tasks) - created_ms) / 1000,
        max(one["RUNNING"] - one["INITIALIZING"] for one in tasks) / 1000,
    )


def _task_times(flink: FlinkClient, job_id: str) -> Iterator[dict[str, int]]:
    """Yield for each task when it came into each state, epoch ms."""
    for vertex in flink.job(job_id)["vertices"]:
        told = flink.get(f"/jobs/{job_id}/vertices/{vertex['id']}/subtasktimes")
        yield from (subtask["timestamps"] for subtask in told["subtasks"])


def _submit(stack: Stack, bundle: Path, snapshot: Path | None, *, claim: bool) -> str:
    # The sink's prefix stays the same: a restart aborts what the last one left open.
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(bundle)]
    arguments += ["--group-id", _GROUP, "--transaction-prefix", _GROUP]
    savepoint = None if snapshot is None else snapshot.as_uri()
    return submit(stack, JOB, arguments, savepoint=savepoint, claim=claim, parallelism=1)
