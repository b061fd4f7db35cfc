"""A job that is away, restarts, or misses records: status, submit and audit say so and help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from cli.main import cardwatch
from events.topics import DECISIONS, LABELS, TRANSACTIONS
from stack.clients.reading import read_topic
from stack.clients.topic_ranges import GROUP, committed_offsets, topic_ranges
from stack.installation import ROOT
from stack.submission.unread_record import recorded_gaps
from tests.counters import counted
from tests.running import RunningJob
from tests.waiting import wait_for

CARD = b"tok_1"


@pytest.fixture(scope="module")
def job(own_job: RunningJob) -> RunningJob:
    """Return a job with a broker of its own: what that knows of earlier topics counts here."""
    return own_job


def call(job: RunningJob, *arguments: str) -> Result:
    """Call a command of the command line for the stack of the job."""
    folder = ["--folder", str(job.stack.settings.folder)]
    return CliRunner().invoke(cardwatch, [*arguments, *folder])


def send(job: RunningJob, first: int, end: int) -> int:
    """Send payments on one card, number by number, and return their partition."""
    producer = Producer({"bootstrap.servers": job.stack.kafka, "partitioner": "murmur2_random"})
    partitions: set[int] = set()
    for number in range(first, end):
        payment = {
            "transaction_id": f"t{number}", "card_id": CARD.decode(), "merchant_id": "m1",
            "timestamp": "2024-01-01T10:00:00Z", "amount": 5, "currency": "EUR",
        }  # fmt: skip
        producer.produce(
            TRANSACTIONS.name,
            json.dumps(payment).encode(),
            CARD,
            on_delivery=lambda _, message: partitions.add(message.partition() or 0),
        )
    producer.flush()
    [partition] = partitions
    return partition


def admin(job: RunningJob) -> AdminClient:
    return AdminClient({"bootstrap.servers": job.stack.kafka})


def delete_records(job: RunningJob, partition: int, before: int) -> None:
    place = TopicPartition(TRANSACTIONS.name, partition, before)
    client = admin(job)
    for future in client.delete_records([place]).values():
        future.result(30)


def delete_topic(job: RunningJob, name: str) -> None:
    client = admin(job)
    for future in client.delete_topics([name]).values():
        future.result(30)
    wait_for(lambda: name not in client.list_topics(timeout=5).topics, f"{name} deleted")


def offsets_kept(job: RunningJob) -> dict[tuple[str, int], int]:
    """Return the offsets that the broker keeps for the job; it forgets those of a topic later."""
    topics = topic_ranges(job.stack.kafka, [TRANSACTIONS.name])
    return committed_offsets(job.stack.kafka, GROUP, topics)


def cancel(job: RunningJob) -> None:
    for running in job.stack.flink.running():
        job.stack.flink.cancel(running.id)


def decided(job: RunningJob) -> list[str]:
    values = (message.value() or b"" for message in read_topic(job.stack.kafka, DECISIONS.name))
    return [json.loads(value)["transaction_id"] for value in values]


def test_a_job_that_cannot_take_a_savepoint_is_replaced_from_its_checkpoint(
    job: RunningJob,
) -> None:
    """A lost TaskManager leaves a job that needs two of them RESTARTING for want of a slot."""
    wait_for(lambda: call(job, "status").exit_code == 0, "all well")
    for_two = call(job, "submit", "--replace", "--engine", "pyflink")
    assert for_two.exit_code == 0, for_two.output
    wait_for(lambda: call(job, "status").exit_code == 0, "all well on two")
    job.stack.scale(1)
    wait_for(lambda: call(job, "status").exit_code == 1, "the restart noticed")
    told = call(job, "status", "--json", "-")
    found = json.loads(told.stdout)
    assert told.exit_code == 1
    assert found["job"]["state"] in ("RESTARTING", "RUNNING", "CREATED")
    assert found["job"]["tasks_running"] < found["job"]["tasks"]
    assert any("(the whole text is at http" in sentence for sentence in found["problems"])
    assert call(job, "doctor").exit_code == 1

    refused = call(job, "submit", "--replace")
    assert refused.exit_code == 1
    message = str(refused.exception)
    assert "--replace --from-checkpoint cancels it" in message
    assert len(message.splitlines()) == 1 and "\tat " not in message

    job.stack.scale(2)
    replaced = call(job, "submit", "--replace", "--from-checkpoint")
    assert replaced.exit_code == 0, replaced.output
    assert "from chk-" in replaced.output
    wait_for(lambda: call(job, "status").exit_code == 0, "all well again")


def test_payments_that_were_deleted_unread_are_named(job: RunningJob, tmp_path: Path) -> None:
    """By submit, by the job's metric, and by audit for as long as it compares that time."""
    cancel(job)
    away = call(job, "status")
    assert away.exit_code == 1
    assert "The job was cancelled at" in away.output
    partition = send(job, 0, 5)
    delete_records(job, partition, 3)
    gap = f"transactions, partition {partition}: offsets 0 to 2 (up to 3 records) were deleted"

    before = call(job, "audit", "--patience", "0")
    assert before.exit_code == 1
    assert gap in before.output

    in_a_container = submit_in_a_container(job, tmp_path)
    assert in_a_container.returncode == 1
    assert gap in in_a_container.stderr
    assert "--unread-deleted 3" in in_a_container.stdout

    submitted = call(job, "submit")
    assert submitted.exit_code == 1
    assert gap in submitted.output
    wait_for(lambda: sorted(decided(job)) == ["t3", "t4"], "the rest decided")
    [found] = recorded_gaps(job.stack.layout)
    assert found.gap.records == 3

    audited = call(job, "audit", "--patience", "0", "--json", "-")
    assert audited.exit_code == 1
    assert gap in audited.stderr
    counts = json.loads(audited.stdout)
    assert (counts["records"], counts["payments"], counts["lost"]) == (2, 2, [])
    wait_for(lambda: unread_deleted(job) == 3, "the metric")


def submit_in_a_container(job: RunningJob, folder: Path) -> subprocess.CompletedProcess[str]:
    """Call the image's script with a `flink` that starts nothing, and leave no trace of it."""
    flink = folder / "flink"
    flink.write_text('#!/bin/sh\necho "flink $*"\n')
    flink.chmod(0o755)
    topics = job.stack.layout.checkpoints / "topics.json"
    before = topics.read_bytes() if topics.exists() else b"{}"
    told = subprocess.run(
        [sys.executable, "deploy/flink/submit.py", f"--bootstrap={job.stack.kafka}"],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CARDWATCH_FOLDER": str(job.stack.settings.folder),
            "CARDWATCH_TASKMANAGERS": "2",
            "CARDWATCH_JOBMANAGER": job.stack.flink.url,
        },
        capture_output=True,
        text=True,
    )
    topics.write_bytes(before)
    return told


def unread_deleted(job: RunningJob) -> float:
    """Return the metric of the running job."""
    flink = job.stack.flink
    [running] = flink.running()
    return counted(flink, running.id, "card stage", "unread_deleted")


def test_a_topic_made_anew_is_not_passed_over_silently(job: RunningJob) -> None:
    """By offsets alone the job would go on in the middle of the new topic."""
    cancel(job)
    delete_topic(job, TRANSACTIONS.name)
    assert call(job, "up").exit_code == 0
    wait_for(lambda: not offsets_kept(job), "the broker forgot the offsets of the old topic")
    partition = send(job, 10, 17)
    refused = call(job, "submit")
    assert refused.exit_code == 1
    assert f"partition {partition}: offsets 0 to 4 (up to 5 records) are passed over" in (
        refused.output
    )
    assert job.stack.flink.running() == []
    accepted = call(job, "submit", "--accept-gap")
    assert accepted.exit_code == 1, "it runs, and says again what is missing"
    wait_for(lambda: {"t15", "t16"} <= set(decided(job)), "the rest decided")
    assert not {"t10", "t14"} & set(decided(job))


def test_a_missing_topic_is_noticed(job: RunningJob) -> None:
    delete_topic(job, LABELS.name)
    wait_for(lambda: "Topic labels is missing" in call(job, "status").output, "noticed")
    assert call(job, "status").exit_code == call(job, "doctor").exit_code == 1
