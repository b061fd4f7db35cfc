"""The ordinary clients do too: `flink run` submits the job, and kafka-python reads its topics."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from confluent_kafka import Producer

from cli.stack.submit import JOB, ROOT
from events.topics import ALERTS, DECISIONS, Topic
from stack.clients.reading import read_topic
from stack.services.embedded import Stack
from tests.counters import counted
from tests.other_client import Read, with_confluent_kafka, with_kafka_python
from tests.running import emptied, shipped_bundle
from tests.traffic import send_days, simulation
from tests.waiting import wait_for

DAYS = 8


def _flink_run(stack: Stack) -> str:
    """Submit as a person would, with what `./cardwatch status -v` prints."""
    install = stack.install
    environment = {**os.environ, **stack.status().flink_environment}
    environment["PATH"] = f"{install.python.parent}:{environment['PATH']}"
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(shipped_bundle().path)]
    told = subprocess.run(
        [str(install.flink / "bin" / "flink"), "run", "-d", "-py", str(JOB), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    found = re.search(r"JobID ([0-9a-f]{32})", told.stdout)
    assert found, told.stdout + told.stderr
    return found[1]


class Ran(NamedTuple):
    """A stack on which the ordinary client has submitted the job, and how many payments it got."""

    stack: Stack
    job_id: str
    sent: int


@pytest.fixture(scope="module")
def ran(job_stack: Stack) -> Iterator[Ran]:
    """Send payments to a job that `flink run` submitted; nobody waits for its decisions here."""
    with emptied(job_stack) as stack:
        job_id = _flink_run(stack)
        stack.flink.wait_until_running(job_id)
        yield Ran(stack, job_id, send_days(stack.kafka, simulation(days=DAYS), 0, DAYS))


def test_kafka_python_reads_early_decisions(ran: Ran) -> None:
    """A plain subscriber with read_uncommitted gets what confluent-kafka gets."""

    def read() -> list[Read]:
        return with_kafka_python(ran.stack.kafka, DECISIONS.name, committed=False)

    wait_for(lambda: len(read()) == ran.sent, f"{ran.sent} early decisions")
    assert read() == with_confluent_kafka(ran.stack.kafka, DECISIONS.name, committed=False)


def test_flink_run_submits_the_job(ran: Ran) -> None:
    """Every payment is decided, and the counters of docs/operations.md say so."""
    stack, job_id, sent = ran
    [chain] = (each["name"] for each in stack.flink.job(job_id)["vertices"])
    assert [step.partition(":")[0] for step in chain.split(" -> ")] == [
        "Source",
        "card stage",
        "merchant stage",
        "answers",
        "answers",
    ], "one thread at parallelism 1: ADR 0041"
    wait_for(lambda: len(read_topic(stack.kafka, DECISIONS.name)) == sent, f"{sent} decisions")
    # The REST API's metrics are a second or two old.
    wait_for(lambda: _decisions_counted(stack, job_id) == sent, f"{sent} counted")


@pytest.mark.parametrize("topic", [DECISIONS, ALERTS], ids=lambda topic: topic.name)
def test_kafka_python_reads_committed_decisions_and_alerts(ran: Ran, topic: Topic) -> None:
    """Once all is committed, both clients and both isolation levels give the same records."""
    kafka = ran.stack.kafka
    wait_for(
        lambda: len(with_kafka_python(kafka, DECISIONS.name, committed=True)) == ran.sent,
        f"{ran.sent} committed decisions",
    )
    found = with_kafka_python(kafka, topic.name, committed=True)
    assert found
    assert found == with_confluent_kafka(kafka, topic.name, committed=True)
    assert found == with_kafka_python(kafka, topic.name, committed=False)
    levels = {json.loads(one.value or b"")["risk_level"] for one in found}
    assert levels == {DECISIONS: {"LOW", "MEDIUM", "HIGH"}, ALERTS: {"MEDIUM", "HIGH"}}[topic]


def test_an_alert_of_an_open_transaction_is_early_and_not_committed(ran: Ran) -> None:
    """Both clients agree while a transaction is open, and after it was aborted."""
    kafka, topic = ran.stack.kafka, ALERTS.name
    before = with_kafka_python(kafka, topic, committed=True)
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": "of-the-test"})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(topic, b"never committed", key=b"c")
    producer.flush()
    for ended in (False, True):
        if ended:
            producer.abort_transaction()
        early = with_kafka_python(kafka, topic, committed=False)
        assert [one.value for one in early if one not in before] == [b"never committed"]
        assert early == with_confluent_kafka(kafka, topic, committed=False)
        assert with_kafka_python(kafka, topic, committed=True) == before
    assert with_confluent_kafka(kafka, topic, committed=True) == before


def _decisions_counted(stack: Stack, job_id: str) -> float:
    """Return the sum of the counters of all risk levels."""
    return counted(stack.flink, job_id, "merchant stage", r"decisions\.(LOW|MEDIUM|HIGH)")
