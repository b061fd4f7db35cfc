"""Report on the fraud detection job: state, restarts with causes, last checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from events.timestamps import format_ms
from stack.clients.flink import ENDED, FlinkClient, Job, root_cause
from stack.submission.replace import is_ours

_PATIENCE_S: Final = 60.0
"""Tasks have so long to start, and a checkpoint so long to be completed, before it is a problem."""

_RECENT_S: Final = 300.0
_NO_RATE: Final = ".cardwatch.no_rate."
_DEAD_LETTERS: Final = ".cardwatch.dead_letters."
_OWN_FAULT: Final = "internal_error"

_OFTEN: Final = 3
"""A job that fails so often within the recent past restarts without end, whatever its state."""


@dataclass(frozen=True)
class Failure:
    """Something that failed: when (epoch milliseconds), and the innermost exception."""

    at_ms: int
    cause: str


@dataclass(frozen=True)
class JobReport:
    """The newest fraud detection job of a cluster, one that has not ended before all others.

    Attributes:
        id: Its id, 32 hex digits.
        name: Its name, with the engine.
        state: Flink's word: RUNNING, RESTARTING, CANCELED, FINISHED, FAILED, ...
        since_ms: When it came into this state, epoch milliseconds.
        now_ms: The cluster's clock at the time of the report.
        tasks: Tasks of the job, and `tasks_running` those that run.
        parallelism: The largest of its stages.
        restarts: Full restarts since it was submitted.
        failures: Its last exceptions, the newest first.
        checkpoint_ms: When its last completed checkpoint was complete, None before the first.
        failed_checkpoint: Its last failed checkpoint.
        no_rate: Payments in currencies without an exchange rate since its start, by currency.
        dead_letters: Refused records since its start, by reason code.
        page: Address of the page that has the exceptions in full.
    """

    id: str
    name: str
    state: str
    since_ms: int
    now_ms: int
    tasks: int
    tasks_running: int
    parallelism: int
    restarts: int
    failures: Sequence[Failure]
    checkpoint_ms: int | None
    failed_checkpoint: Failure | None
    page: str
    no_rate: Mapping[str, int] = field(default_factory=dict)
    dead_letters: Mapping[str, int] = field(default_factory=dict)

    @property
    def checkpoint_age_s(self) -> float | None:
        """Seconds since the last completed checkpoint."""
        return None if self.checkpoint_ms is None else (self.now_ms - self.checkpoint_ms) / 1000

    @property
    def restarting_since_ms(self) -> int | None:
        """Time of the first exception behind the last completed checkpoint, None where none is."""
        behind = [one.at_ms for one in self.failures if one.at_ms > (self.checkpoint_ms or 0)]
        return min(behind, default=None)

    def to_json(self) -> dict[str, object]:
        """Return what `status --json` has as `job`."""
        last = self.failures[0] if self.failures else None
        failed = self.failed_checkpoint
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "since_ms": self.since_ms,
            "tasks": self.tasks,
            "tasks_running": self.tasks_running,
            "restarts": self.restarts,
            "restarting_since_ms": self.restarting_since_ms,
            "last_exception": asdict(last) if last else None,
            "checkpoint_age_s": self.checkpoint_age_s,
            "failed_checkpoint": asdict(failed) if failed else None,
            "no_rate": dict(self.no_rate),
            "dead_letters": dict(self.dead_letters),
        }


def report(flink: FlinkClient) -> JobReport | None:
    """Ask the cluster for the fraud detection job; None where it knows of none."""
    jobs = [job for job in flink.jobs() if is_ours(job)]
    if not jobs:
        return None
    job = next((job for job in jobs if job.state not in ENDED), jobs[0])
    told, checkpoints = flink.job(job.id), flink.checkpoints(job.id)["latest"]
    no_rate, dead_letters = _counted(flink, job, told["vertices"], _NO_RATE, _DEAD_LETTERS)
    completed, failed = checkpoints["completed"], checkpoints["failed"]
    return JobReport(
        id=job.id,
        name=job.name,
        state=told["state"],
        since_ms=told["timestamps"][told["state"]],
        now_ms=told["now"],
        tasks=sum(vertex["parallelism"] for vertex in told["vertices"]),
        tasks_running=sum(vertex["tasks"]["RUNNING"] for vertex in told["vertices"]),
        parallelism=max((vertex["parallelism"] for vertex in told["vertices"]), default=1),
        restarts=_restarts(flink, job),
        failures=_failures(flink, job),
        checkpoint_ms=completed and completed["latest_ack_timestamp"],
        failed_checkpoint=_failed(failed) if failed else None,
        page=flink.exceptions_page(job.id),
        no_rate=no_rate,
        dead_letters=dead_letters,
    )


def problems(job: JobReport) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with a job, with what to do about it."""
    if job.state in ("CANCELED", "FINISHED"):
        ended = "cancelled" if job.state == "CANCELED" else "stopped"
        yield (
            f"The job was {ended} at {_clock(job.since_ms)}, and payments wait: "
            "./cardwatch submit goes on from its newest snapshot."
        )
    elif job.state in ENDED:
        yield (
            f"The job is {job.state} since {_clock(job.since_ms)}: {_why(job)} "
            "./cardwatch submit goes on from its newest snapshot, once the cause is gone."
        )
    elif trouble := _restarting(job):
        yield (
            f"The job is {job.state} and {trouble} ({job.restarts} restarts): {_why(job)} "
            "It goes on by itself once the cause is gone; "
            "./cardwatch submit --replace --from-checkpoint starts it with other settings."
        )
    elif job.tasks_running < job.tasks and _seconds(job, job.since_ms) > _PATIENCE_S:
        yield (
            f"The job is {job.state} since {_clock(job.since_ms)}, and {job.tasks_running} of its "
            f"{job.tasks} tasks run: see whether every TaskManager is up, and {job.page}."
        )
    elif _seconds(job, max(job.since_ms, job.checkpoint_ms or 0)) > _PATIENCE_S:
        yield from _no_checkpoint(job)
    if failed := job.dead_letters.get(_OWN_FAULT, 0):
        yield (
            f"The job itself failed at {failed:,} records since its start, and made dead letters "
            f"of them ({_OWN_FAULT}). Report their sentences with the logs of the TaskManagers; "
            "send the payments again once the fault is mended."
        )


def summary(job: JobReport) -> str:
    """Return a job in one line for a person."""
    age = job.checkpoint_age_s
    last = "no checkpoint yet" if age is None else f"last checkpoint {age:.0f} s ago"
    return (
        f"{job.state} since {_clock(job.since_ms)}, {job.tasks_running} of {job.tasks} tasks run, "
        f"{job.restarts} restarts, {last}"
    )


def _restarting(job: JobReport) -> str:
    """Say how a job restarts: without a checkpoint since, or often; empty where it does not."""
    since = job.restarting_since_ms
    if since is None and job.state == "RESTARTING":
        since = job.since_ms
    if since is not None:
        return f"has made no progress since {_clock(since)}"
    recent = sum(_seconds(job, one.at_ms) < _RECENT_S for one in job.failures)
    often = f"has failed {recent} times within {_RECENT_S / 60:.0f} minutes"
    return often if recent >= _OFTEN else ""


def _no_checkpoint(job: JobReport) -> Iterator[str]:
    failed = job.failed_checkpoint
    because = f" The last one failed at {_clock(failed.at_ms)}: {failed.cause}." if failed else ""
    yield (
        f"No checkpoint of the job was completed since "
        f"{_clock(job.checkpoint_ms or job.since_ms)}, so no decision is committed.{because} "
        f"See {job.page.replace('exceptions', 'checkpoints')} and the disk of the checkpoints."
    )


def notes(job: JobReport) -> Iterator[str]:
    """Yield a sentence for each thing that is worth knowing of a job and not wrong."""
    if job.no_rate:
        many = ", ".join(f"{code} {count:,}" for code, count in sorted(job.no_rate.items()))
        yield (
            f"Payments in currencies without an exchange rate since the job's start: {many}. They "
            "are decided without their amounts; ./cardwatch submit --replace --rates FILE goes on "
            "with a table that has these currencies."
        )


def _counted(
    flink: FlinkClient, job: Job, vertices: Sequence[Mapping[str, Any]], *groups: str
) -> list[dict[str, int]]:
    """Return the counters of each group of the job's stages, by their names in the group."""
    found: list[dict[str, int]] = [{} for _ in groups]
    for vertex in (each["id"] for each in vertices):
        names = flink.metric_names(job.id, vertex)
        wanted = [name for name in names if any(group in name for group in groups)]
        counted = flink.metrics(job.id, vertex, wanted) if wanted else {}
        for name, count in counted.items():
            (place,) = (n for n, group in enumerate(groups) if group in name)
            label = name.rpartition(".")[2]
            found[place][label] = found[place].get(label, 0) + int(count)
    return found


def _restarts(flink: FlinkClient, job: Job) -> int:
    told = flink.get(f"/jobs/{job.id}/metrics?get=numRestarts")
    return int(float(told[0]["value"])) if told else 0


def _failures(flink: FlinkClient, job: Job) -> list[Failure]:
    entries = flink.get(f"/jobs/{job.id}/exceptions")["exceptionHistory"]["entries"]
    return [Failure(each["timestamp"], root_cause(each["stacktrace"])) for each in entries]


def _failed(told: Mapping[str, Any]) -> Failure:
    return Failure(told["failure_timestamp"], root_cause(told["failure_message"] or ""))


def _why(job: JobReport) -> str:
    cause = job.failures[0].cause if job.failures else "it names no exception"
    return f"{cause.rstrip('.')} (the whole text is at {job.page})."


def _seconds(job: JobReport, since_ms: int) -> float:
    return (job.now_ms - since_ms) / 1000


def _clock(at_ms: int) -> str:
    return f"{format_ms(at_ms)[:19].replace('T', ' ')} UTC"
