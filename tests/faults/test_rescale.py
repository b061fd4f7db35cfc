"""Stop with a savepoint, resume at another parallelism: the answers go on as if nothing was."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.reading import read_stream
from tests.running import running_job, shipped_bundle
from tests.traffic import send_days, simulation
from training.parity import compare


@pytest.mark.timeout(300)
def test_resume_at_another_parallelism(tmp_path: Path) -> None:
    """From one subtask a stage to two and back; the replay follows the sequence numbers."""
    world = simulation(days=18)
    with running_job(tmp_path / "stack", taskmanagers=4) as job:
        kafka = job.stack.kafka
        sent = send_days(kafka, world, 0, 8)
        job.wait_until_decided(sent)

        job.resume(job.stop(), parallelism=1)
        sent += send_days(kafka, world, 8, 14)
        job.wait_until_decided(sent)

        job.resume(job.stop(), parallelism=2)
        sent += send_days(kafka, world, 14, 18)
        job.wait_until_decided(sent)
        job.stop()
        stream = read_stream(kafka)

    report = compare(stream, shipped_bundle())
    assert report.equal, report
    assert report.payments == sent
    assert len(stream.receipts) == len(stream.labels) > 0
