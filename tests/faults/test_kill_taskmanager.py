"""SIGKILL of a TaskManager in mid-checkpoint: nothing lost, nothing doubled, every score equal."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from benchmarks.reading import read_stream
from tests.running import RunningJob, running_job, shipped_bundle
from tests.traffic import flowing, simulation
from training.parity import compare

PAYMENTS_PER_S = 250.0


def _wait_for_checkpoint_in_progress(job: RunningJob, timeout_s: float = 30.0) -> int:
    """Return the number of a checkpoint that has started and not completed.

    The JobManager makes a checkpoint's folder when it starts and its metadata when it completes;
    the REST API answers from a cache of seconds, a checkpoint takes some 20 ms.
    """
    folder = job.stack.layout.checkpoints / job.job_id
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        newest = max((int(each.name[4:]) for each in folder.glob("chk-*")), default=0)
        if newest and not (folder / f"chk-{newest}" / "_metadata").exists():
            return newest
    raise AssertionError(f"no checkpoint was seen in progress within {timeout_s} s")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["taskmanager-1", "taskmanager-2"])
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "ordinary"])
def test_kill_in_mid_checkpoint(tmp_path: Path, victim: str, direct: bool) -> None:
    """The card stage's or the merchant stage's process dies while payments and a checkpoint run."""
    world = simulation(days=24)
    with running_job(tmp_path / "stack", direct=direct) as job:
        flink = job.stack.flink
        with flowing(job.stack.kafka, world, PAYMENTS_PER_S) as feed:
            time.sleep(5)
            before = job.stack.pid(victim)
            checkpoint = _wait_for_checkpoint_in_progress(job)
            os.kill(before, signal.SIGKILL)
        job.wait_until_decided(feed.progress.payments)
        restored = flink.checkpoints(job.job_id)["latest"]["restored"]
        job.stop()
        stream = read_stream(job.stack.kafka)
        assert job.stack.pid(victim) != before

    assert restored is not None, "the job did not restart: the kill hit nothing"
    assert restored["id"] <= checkpoint
    report = compare(stream, shipped_bundle())
    assert report.equal, report
    assert report.payments == feed.progress.payments
    assert len(stream.receipts) == len(stream.labels) > 0
