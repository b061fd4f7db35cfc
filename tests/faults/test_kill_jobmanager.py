"""SIGKILL of the JobManager and of ZooKeeper: the job goes on by itself, with nothing lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from benchmarks.reading import read_stream
from stack.errors import StackError
from stack.flink import FlinkError
from stack.settings import JOBMANAGER, ZOOKEEPER
from tests.running import RunningJob, running_job, shipped_bundle
from tests.traffic import flowing, simulation
from tests.waiting import wait_for
from training.parity import compare

PAYMENTS_PER_S = 250.0


def _kill(job: RunningJob, name: str) -> None:
    before = job.stack.pid(name)
    os.kill(before, signal.SIGKILL)

    def replaced() -> bool:
        try:
            return job.stack.pid(name) != before
        except StackError:
            return False

    wait_for(replaced, 30, f"another {name}")


def _running(job: RunningJob) -> bool:
    try:
        return job.stack.flink.tasks_running(job.job_id)
    except FlinkError:
        return False


@pytest.mark.timeout(300)
def test_the_job_survives_its_jobmanager_and_zookeeper(tmp_path: Path) -> None:
    """Nobody submits it again; it restarts once, from its last checkpoint."""
    with running_job(tmp_path / "stack") as job:
        with flowing(job.stack.kafka, simulation(days=30), PAYMENTS_PER_S) as feed:
            time.sleep(4)
            _kill(job, ZOOKEEPER)
            time.sleep(4)
            _kill(job, JOBMANAGER)
            wait_for(lambda: _running(job), 60, "the job runs again")
        job.wait_until_decided(feed.progress.payments)
        checkpoints = job.stack.flink.checkpoints(job.job_id)
        job.stop()
        stream = read_stream(job.stack.kafka)

    assert checkpoints["counts"]["restored"] == 1
    report = compare(stream, shipped_bundle())
    assert report.equal, report
    assert report.payments == feed.progress.payments
