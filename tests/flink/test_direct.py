"""The direct return path gives what PyFlink's own gives: rows, times, failures, ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from events.alert import decode_alert
from events.decision import decode_decision
from events.topics import ALERTS, DEAD_LETTERS, DECISIONS, TRANSACTIONS
from producer.generator import generate
from producer.labels import LabelSettings
from producer.population import GeneratorSettings
from producer.records import Records
from producer.selection import Selection
from stack.embedded import Stack
from stack.reading import read_topic
from stack.settings import StackSettings
from stack.submit import submit
from tests.running import RunningJob, running_job
from tests.waiting import wait_for

JOB = Path(__file__).with_name("direct_job.py")
WORDS = ["one 1", "two 2", "none 3", "one 4", "two 5", "other 6", "two 7"]
PAYMENTS = 6_000
REPEATED, BROKEN = 50, 20


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    one = Stack(StackSettings(tmp_path_factory.mktemp("direct") / "stack", taskmanagers=2))
    one.up()
    yield one
    one.down(delete_data=True)


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


@pytest.mark.timeout(180)
def test_rows_and_their_times_are_the_same_by_both_paths(stack: Stack, tmp_path: Path) -> None:
    """None, one and two rows of a value, state behind them, and a stream that ends."""
    lines = {path: _lines(stack, path, tmp_path / path) for path in ("direct", "ordinary")}
    assert lines["direct"] == lines["ordinary"]
    assert ["two", "two 7 3 1", 7] in lines["direct"]
    assert len(lines["direct"]) == 9
    assert _kept_ordinary(stack) == []


@pytest.mark.timeout(180)
def test_another_pyflink_keeps_the_ordinary_path(stack: Stack, tmp_path: Path) -> None:
    """The log says so once, and the rows are there."""
    assert len(_lines(stack, "unknown", tmp_path / "unknown")) == 9
    (line,) = _kept_ordinary(stack)
    assert "it is known for PyFlink 0.0.0, got 2.3.0." in line


@pytest.mark.timeout(180)
def test_a_failing_stage_fails_the_task_with_the_same_words(stack: Stack, tmp_path: Path) -> None:
    causes = {}
    for path in ("direct", "ordinary"):
        words = ["one 1", "fail 2", "one 3"]
        job = submit(stack, JOB, [path, str(tmp_path / path), *words], parallelism=1)
        wait_for(lambda job=job: stack.flink.exception(job), 60, "the job's exception")
        told = stack.flink.exception(job)
        causes[path] = [line for line in told.splitlines() if "ValueError" in line][-1]
        stack.flink.cancel(job)
    assert "no row of 'fail 2'" in causes["direct"]
    words = {one.removeprefix("Caused by: ") for one in causes.values()}
    assert len(words) == 1, words


@pytest.mark.timeout(300)
def test_the_same_payments_give_the_same_bytes_by_both_paths(tmp_path: Path) -> None:
    """Decisions, alerts and dead letters, with repeats and garbage; only the clock may differ."""
    answers = {}
    for direct in (True, False):
        with running_job(tmp_path / f"{direct}", direct=direct) as job:
            _send(job.stack.kafka)
            job.wait_until_decided(PAYMENTS)
            job.stop()
            answers[direct] = _answers(job)
    assert answers[True] == answers[False]
    counts = [len(each) for each in answers[True]]
    assert counts[0] == PAYMENTS
    assert counts[1] > 20
    assert counts[2] == BROKEN


def _send(kafka: str) -> None:
    """Send payments, repeats and garbage to one partition, which fixes the order of arrival."""
    days = generate(GeneratorSettings(customers=300, terminals=600, days=14, seed=3))
    records = list(Records(days, Selection(), LabelSettings(which="none"), PAYMENTS))
    producer = Producer({"bootstrap.servers": kafka})
    for number, record in enumerate(records + records[:REPEATED]):
        time_ms = 1_700_000_000_000 + number
        producer.produce(TRANSACTIONS.name, record.value, record.key, 0, timestamp=time_ms)
        producer.poll(0)
    for number in range(BROKEN):
        producer.produce(TRANSACTIONS.name, b"garbage %d" % number, b"tok", 0, timestamp=number + 1)
    producer.flush()


def _answers(job: RunningJob) -> tuple[list[object], list[object], list[object]]:
    """Return the committed answers without the time at which they were made."""
    kafka = job.stack.kafka
    decisions = [decode_decision(each.value() or b"") for each in read_topic(kafka, DECISIONS.name)]
    alerts = [decode_alert(each.value() or b"") for each in read_topic(kafka, ALERTS.name)]
    letters = [(each.key(), each.value()) for each in read_topic(kafka, DEAD_LETTERS.name)]
    return (
        sorted((msgspec.structs.replace(one, decided_ms=0) for one in decisions), key=_id),
        sorted((msgspec.structs.replace(one, decided_ms=0) for one in alerts), key=_id),
        sorted(letters),
    )


def _id(answer: object) -> str:
    return str(answer.transaction_id)  # type: ignore[attr-defined]
