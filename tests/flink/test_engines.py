"""Each engine resumes from the other's savepoint, at another parallelism, and goes on alike."""

from __future__ import annotations

from pathlib import Path

from tests.running import levels, running_job, shipped_bundle
from tests.traffic import send_days, simulation
from verify.parity.compare import compare
from verify.reading import read_stream


def test_engines_and_parallelisms_share_state_and_answers(tmp_path: Path) -> None:
    """A stream that changes both twice equals one offline replay, feature by feature."""
    world = simulation(days=18)
    with running_job(tmp_path / "stack", taskmanagers=4) as job:
        kafka = job.stack.kafka
        sent = send_days(kafka, world, 0, 8)
        job.wait_until_decided(sent)

        job.resume(job.stop(), "pyflink", parallelism=1)
        sent += send_days(kafka, world, 8, 14)
        job.wait_until_decided(sent)

        job.resume(job.stop(), "batch", parallelism=2)
        sent += send_days(kafka, world, 14, 18)
        job.wait_until_decided(sent)
        job.stop()
        stream = read_stream(kafka)

    assert len(stream.receipts) == len(stream.labels) > 0
    assert levels(stream) >= {"LOW", "HIGH"}
    report = compare(stream, shipped_bundle())
    assert report.equal, report
    assert report.payments == sent
