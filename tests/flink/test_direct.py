"""The direct return path gives what PyFlink's own gives: rows, times, failures, ends."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from confluent_kafka import Producer

from cli.stack.submit import ROOT, start_job
from events.alert import Alert, decode_alert, encode_alert
from events.decision import Decision, decode_decision, encode_decision
from events.topics import ALERTS, DEAD_LETTERS, DECISIONS, TRANSACTIONS, Topic
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from producer.stream.labels import LabelSettings
from producer.stream.records import Records
from producer.stream.selection import Selection
from scoring.loader import find_bundle
from stack.clients.reading import read_topic
from stack.services.embedded import Stack
from stack.submission.submit import submit
from tests.running import RunningJob, emptied
from tests.waiting import wait_for

JOB = Path(__file__).with_name("direct_job.py")
WORDS = ["one 1", "two 2", "none 3", "one 4", "two 5", "other 6", "two 7"]
PAYMENTS = 6_000
REPEATED, BROKEN = 50, 20

Answer = TypeVar("Answer", Decision, Alert)


@pytest.fixture(scope="module")
def stack(job_stack: Stack) -> Iterator[Stack]:
    with emptied(job_stack):
        yield job_stack


def _failure(stack: Stack, job: str) -> str:
    """Wait for the job's exception and return it."""
    wait_for(lambda: bool(stack.flink.exception(job)), "the job's exception")
    return stack.flink.exception(job)


def _lines(stack: Stack, path: str, file: Path) -> list[object]:
    """Let all words through and return what came out, in order."""
    job = submit(stack, JOB, [path, str(file), *WORDS], parallelism=1)
    assert stack.flink.wait_until_ended(job) == "FINISHED"
    return [json.loads(line) for line in file.read_text().splitlines()]


def _kept_ordinary(stack: Stack) -> list[str]:
    """Return what the TaskManagers' logs say of stages that keep the ordinary path."""
    logs = (stack.settings.folder / "logs").glob("taskmanager*")
    lines = [line for path in logs for line in path.read_text(errors="replace").splitlines()]
    return [line for line in lines if "ordinary return path" in line]


def test_rows_and_their_times_are_the_same_by_both_paths(stack: Stack, tmp_path: Path) -> None:
    """None, one and two rows of a value, state behind them, and a stream that ends."""
    lines = {path: _lines(stack, path, tmp_path / path) for path in ("direct", "ordinary")}
    assert lines["direct"] == lines["ordinary"]
    assert ["two", "two 7 3 1", 7] in lines["direct"]
    assert len(lines["direct"]) == 9
    assert _kept_ordinary(stack) == []


def test_another_pyflink_keeps_the_ordinary_path(stack: Stack, tmp_path: Path) -> None:
    """The log says so once, and the rows are there."""
    assert len(_lines(stack, "unknown", tmp_path / "unknown")) == 9
    (line,) = _kept_ordinary(stack)
    assert "it is known for PyFlink 0.0.0, got 2.3.0." in line


def test_a_failing_stage_fails_the_task_with_the_same_words(stack: Stack, tmp_path: Path) -> None:
    causes = {}
    for path in ("direct", "ordinary"):
        words = ["one 1", "fail 2", "one 3"]
        job = submit(stack, JOB, [path, str(tmp_path / path), *words], parallelism=1)
        told = _failure(stack, job)
        causes[path] = [line for line in told.splitlines() if "ValueError" in line][-1]
        stack.flink.cancel(job)
    assert "no row of 'fail 2'" in causes["direct"]
    told_alike = {one.removeprefix("Caused by: ") for one in causes.values()}
    assert len(told_alike) == 1, told_alike


def test_the_same_payments_give_the_same_bytes_by_both_paths(stack: Stack) -> None:
    """Decisions, alerts and dead letters, with repeats and garbage; only the clock may differ."""
    _send(stack.kafka)
    for runs, path in enumerate(("direct", "ordinary"), start=1):
        job = RunningJob(stack, _start(stack, direct=path == "direct"))
        job.wait_until_decided(runs * PAYMENTS)
        job.stop()
    decisions, alerts, letters = _answers(stack.kafka)
    assert set(decisions.values()) == set(alerts.values()) == set(letters.values()) == {2}
    assert len(decisions) == PAYMENTS
    assert len(alerts) > 20
    assert len(letters) == BROKEN


def _start(stack: Stack, *, direct: bool) -> str:
    bundle = find_bundle(ROOT / "onnx_models", "ensemble")
    return start_job(stack, bundle, "latency", lambda _: None, direct=direct, parallelism=1)


def _send(kafka: str) -> None:
    """Send payments, repeats and garbage to one partition, which fixes the order of arrival.

    Their Kafka times are of today: what is older than the topic keeps is deleted when the broker
    next looks, which was between the two runs.
    """
    start_ms = time.time_ns() // 1_000_000
    days = generate(GeneratorSettings(customers=300, terminals=600, days=14, seed=3))
    records = list(Records(days, Selection(), LabelSettings(which="none"), PAYMENTS))
    producer = Producer({"bootstrap.servers": kafka})
    for number, record in enumerate(records + records[-REPEATED:]):
        at_ms = start_ms + number
        producer.produce(TRANSACTIONS.name, record.value, record.key, 0, timestamp=at_ms)
        producer.poll(0)
    for number in range(BROKEN):
        at_ms = start_ms + len(records) + number
        producer.produce(TRANSACTIONS.name, b"garbage %d" % number, b"tok", 0, timestamp=at_ms)
    producer.flush()


def _answers(kafka: str) -> tuple[Counter[bytes], Counter[bytes], Counter[bytes]]:
    """Count the committed answers, without the time at which they were made."""

    def values(topic: Topic) -> Iterator[bytes]:
        return (message.value() or b"" for message in read_topic(kafka, topic.name))

    return (
        Counter(encode_decision(_timeless(decode_decision(one))) for one in values(DECISIONS)),
        Counter(encode_alert(_timeless(decode_alert(one))) for one in values(ALERTS)),
        Counter(values(DEAD_LETTERS)),
    )


def _timeless(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, decided_ms=0)
