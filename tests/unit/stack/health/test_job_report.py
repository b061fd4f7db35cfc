"""What `status` says of a job follows from what Flink's REST API tells, and helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.health.job_report import Failure, JobReport, notes, problems, summary

NOW_MS = 1_714_564_800_000
ZSTD = "KafkaException: Received exception when fetching the next record from transactions-3"

WELL = JobReport(
    id="0" * 32,
    name="cardwatch fraud detection (latency)",
    state="RUNNING",
    since_ms=NOW_MS - 600_000,
    now_ms=NOW_MS,
    tasks=2,
    tasks_running=2,
    parallelism=1,
    restarts=0,
    failures=(),
    checkpoint_ms=NOW_MS - 900,
    failed_checkpoint=None,
    page="http://127.0.0.1:8081/#/job/running/0/exceptions",
)


def ago(seconds: float) -> int:
    return NOW_MS - round(1000 * seconds)


def told(**changes: object) -> str:
    """Return what is wrong with the job that is well but for some changes."""
    return " ".join(problems(replace(WELL, **changes)))  # type: ignore[arg-type]


def test_nothing_is_wrong_with_a_job_that_runs_and_completes_checkpoints() -> None:
    assert told() == ""
    assert summary(WELL) == (
        "RUNNING since 2024-05-01 11:50:00 UTC, 2 of 2 tasks run, 0 restarts, "
        "last checkpoint 1 s ago"
    )


def test_payments_without_a_rate_are_a_note_that_names_their_currencies() -> None:
    assert list(notes(WELL)) == []
    job = replace(WELL, no_rate={"XOF": 1_204, "BGN": 3})
    (sentence,) = notes(job)
    assert "since the job's start: BGN 3, XOF 1,204." in sentence
    assert "submit --replace --rates FILE" in sentence
    assert job.to_json()["no_rate"] == {"XOF": 1_204, "BGN": 3} and told(no_rate=job.no_rate) == ""


def test_records_at_which_the_job_itself_failed_are_a_problem() -> None:
    """Refused records are their senders' problem."""
    assert told(dead_letters={"bad_amount": 5}) == ""
    sentence = told(dead_letters={"bad_amount": 5, "internal_error": 1_002})
    assert sentence.startswith("The job itself failed at 1,002 records since its start")


def test_a_job_that_restarts_says_since_when_how_often_and_why() -> None:
    """Between two tries it is RUNNING, or even all its tasks run: no checkpoint tells."""
    failures = [Failure(ago(age), ZSTD) for age in (5, 20, 300)]
    for state, running in (("RESTARTING", 0), ("RUNNING", 1), ("RUNNING", 2)):
        sentence = told(
            state=state, tasks_running=running, failures=failures, restarts=12,
            checkpoint_ms=ago(301), since_ms=ago(1),
        )  # fmt: skip
        assert "has made no progress since 2024-05-01 11:55:00 UTC (12 restarts)" in sentence
        assert ZSTD in sentence
        assert WELL.page in sentence
        assert "--replace --from-checkpoint" in sentence


def test_a_job_that_fails_often_between_checkpoints_is_not_well() -> None:
    failures = [Failure(ago(age), ZSTD) for age in (30, 60, 90)]
    assert "has failed 3 times within 5 minutes" in told(failures=failures, restarts=3)
    assert told(failures=failures[:2], restarts=2) == ""


def test_a_restart_that_was_overcome_is_history() -> None:
    """A killed TaskManager is a restart, and no problem once a checkpoint was completed."""
    assert told(failures=[Failure(ago(20), "lost")], restarts=1, checkpoint_ms=ago(1)) == ""
    assert "no progress" in told(failures=[Failure(ago(20), "lost")], checkpoint_ms=ago(21))


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("CANCELED", "The job was cancelled at 2024-05-01 11:50:00 UTC"),
        ("FINISHED", "The job was stopped at 2024-05-01 11:50:00 UTC"),
        ("FAILED", "The job is FAILED since 2024-05-01 11:50:00 UTC: it names no exception"),
    ],
)
def test_a_job_that_ended_is_submitted_again(state: str, sentence: str) -> None:
    assert told(state=state, tasks_running=0).startswith(sentence)
    assert "./cardwatch submit goes on from its newest snapshot" in told(state=state)


def test_tasks_have_a_minute_to_start() -> None:
    started = {"tasks_running": 1, "checkpoint_ms": None}
    assert told(since_ms=ago(30), **started) == ""
    assert "1 of its 2 tasks run: see whether every TaskManager is up" in told(
        since_ms=ago(90), **started
    )


def test_a_job_without_checkpoints_says_why() -> None:
    """It decides, and commits nothing."""
    failed = Failure(ago(3), "IOException: No space left on device")
    sentence = told(checkpoint_ms=ago(95), failed_checkpoint=failed)
    assert "No checkpoint of the job was completed since 2024-05-01 11:58:25 UTC" in sentence
    assert "IOException: No space left on device" in sentence
    assert told(checkpoint_ms=ago(55), failed_checkpoint=failed) == ""
    assert told(checkpoint_ms=None, since_ms=ago(30)) == "", "it has just started"
