"""A job is stopped when that is asked for, and where it cannot be, the sentence offers a way."""

from __future__ import annotations

import pytest

from stack.errors import StackError
from stack.submission.replace import make_room
from tests.unit.stack.flink_api import STACK_TRACE, flink_api, one_job

CAUSE = "CheckpointException: Checkpoint triggering task card stage (1/1) is not running"


def refusal(answers: dict[str, object], *, replace: bool = True) -> str:
    """Return why a cluster's job is not stopped: one line, and no stack trace."""
    with flink_api(answers) as flink, pytest.raises(StackError) as refused:
        make_room(flink, lambda _: None, replace=replace)
    assert "\n" not in str(refused.value)
    assert "\tat " not in str(refused.value)
    return str(refused.value)


def test_a_job_that_runs_is_left_alone() -> None:
    assert "is RUNNING already: use --replace" in refusal(
        one_job("RUNNING", running=True), replace=False
    )


@pytest.mark.parametrize("state", ["RESTARTING", "RUNNING"])
def test_a_job_whose_tasks_do_not_run_is_not_asked_for_a_savepoint(state: str) -> None:
    told = refusal(one_job(state, running=False))
    assert f"Job 1 is {state} and not all of its tasks run" in told
    assert CAUSE in told
    assert "--replace --from-checkpoint cancels it" in told


def test_a_savepoint_that_fails_says_why_and_what_to_do() -> None:
    operation = {"failure-cause": {"stack-trace": STACK_TRACE}}
    failed = {"status": {"id": "COMPLETED"}, "operation": operation}
    answers = one_job("RUNNING", running=True) | {
        "POST /jobs/1/stop": {"request-id": "7"},
        "GET /jobs/1/savepoints/7": failed,
    }
    told = refusal(answers)
    assert f"The savepoint failed: {CAUSE}" in told
    assert "Job 1 was not stopped and not replaced" in told
    assert "--replace --from-checkpoint" in told


def test_from_the_checkpoint_the_job_is_cancelled_only() -> None:
    """No savepoint is asked for: this API would answer that it knows of none."""
    answers = one_job("RESTARTING", running=False)

    def cancelled() -> dict[str, object]:
        answers["GET /jobs/1"] = {"state": "CANCELED", "vertices": []}
        return {"ok": True}

    answers["PATCH /jobs/1?mode=cancel"] = cancelled
    steps: list[str] = []
    with flink_api(answers) as flink:
        make_room(flink, steps.append, replace=True, from_checkpoint=True)
        assert flink.state("1") == "CANCELED"
    assert steps == ["cancelling job 1; its newest checkpoint is kept"]


def test_jobs_of_others_are_none_of_ours() -> None:
    with flink_api(one_job("RUNNING", running=True, name="somebody else's")) as flink:
        make_room(flink, lambda _: None)
