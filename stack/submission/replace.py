"""Make room for a job: stop the one that runs, with a savepoint or at its newest checkpoint."""

from __future__ import annotations

from collections.abc import Callable

from stack.clients.flink import FlinkClient, FlinkError, Job, root_cause
from stack.errors import StackError

JOB_NAME = "cardwatch fraud detection"
"""What the name of the job begins with; its profile follows."""

_FROM_CHECKPOINT = (
    "--replace --from-checkpoint cancels it and goes on from its newest checkpoint. What came "
    "behind that is decided anew under the same ids; readers of committed decisions see each once."
)


def is_ours(job: Job) -> bool:
    """Say whether a job of the cluster is the fraud detection job."""
    return job.name.startswith(JOB_NAME)


def make_room(
    flink: FlinkClient,
    step: Callable[[str], None],
    *,
    replace: bool = False,
    from_checkpoint: bool = False,
) -> None:
    """Stop every fraud detection job of the cluster.

    Args:
        flink: The cluster.
        step: Gets each step of the work.
        replace: Whether a job that has not ended may be stopped.
        from_checkpoint: Whether it is cancelled and leaves its last checkpoint, where it would be
            asked for a savepoint.

    Raises:
        StackError: A job runs and may not be stopped, or gives no savepoint.
    """
    for job in filter(is_ours, flink.running()):
        if not replace:
            raise StackError(
                f"Job {job.id} ({job.name}) is {job.state} already: use --replace to stop it with "
                "a savepoint and go on from there."
            )
        if from_checkpoint:
            step(f"cancelling job {job.id}; its newest checkpoint is kept")
            flink.cancel(job.id)
        else:
            step(f"stopping job {job.id} with a savepoint")
            _stop_with_savepoint(flink, job)


def _stop_with_savepoint(flink: FlinkClient, job: Job) -> None:
    if not flink.tasks_running(job.id):
        why = flink.exception(job.id)
        because = f"; its last exception: {root_cause(why)}" if why else ""
        raise StackError(
            f"Job {job.id} is {flink.state(job.id)} and not all of its tasks run, so that it "
            f"cannot take a savepoint{because}. {_FROM_CHECKPOINT}"
        )
    try:
        flink.savepoint(job.id, stop=True)
    except FlinkError as error:
        raise StackError(
            f"Job {job.id} was not stopped and not replaced. {error} {_FROM_CHECKPOINT}"
        ) from error
