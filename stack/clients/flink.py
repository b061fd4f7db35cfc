"""A client of the Flink REST API, for what the command line, tests and benchmarks ask."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from events.errors import one_line
from stack.errors import StackError

ENDED = ("FINISHED", "CANCELED", "FAILED")
_TIMEOUT_S = 10.0


class FlinkError(StackError):
    """The cluster does not answer, or refuses."""


@dataclass(frozen=True)
class Overview:
    """The cluster in numbers."""

    taskmanagers: int
    slots_total: int
    slots_available: int


@dataclass(frozen=True)
class Job:
    """One job: its id (32 hex digits), name, state (RUNNING, RESTARTING, FAILED, ...), start."""

    id: str
    name: str
    state: str
    start_ms: int


@dataclass(frozen=True)
class Checkpoint:
    """The last completed checkpoint: where it lies, its size and how long it took."""

    id: int
    path: str
    state_bytes: int
    duration_ms: int


@dataclass(frozen=True)
class FlinkClient:
    """The REST API at `url`, such as http://127.0.0.1:8081, with the longest wait for an answer."""

    url: str
    timeout_s: float = _TIMEOUT_S

    def overview(self) -> Overview:
        """Return the cluster in numbers."""
        told = self.get("/overview")
        return Overview(told["taskmanagers"], told["slots-total"], told["slots-available"])

    def taskmanagers(self) -> list[str]:
        """Return the names of the registered TaskManagers."""
        return sorted(worker["id"] for worker in self.get("/taskmanagers")["taskmanagers"])

    def jobs(self) -> list[Job]:
        """Return every job that the cluster remembers, the newest first."""
        told = self.get("/jobs/overview")["jobs"]
        jobs = [Job(job["jid"], job["name"], job["state"], job["start-time"]) for job in told]
        return sorted(jobs, key=lambda job: job.start_ms, reverse=True)

    def running(self) -> list[Job]:
        """Return the jobs that have not ended."""
        return [job for job in self.jobs() if job.state not in ENDED]

    def job(self, job_id: str) -> dict[str, Any]:
        """Return what the API tells of one job: state, vertices, times."""
        told: dict[str, Any] = self.get(f"/jobs/{job_id}")
        return told

    def state(self, job_id: str) -> str:
        """Return the state of a job."""
        return str(self.job(job_id)["state"])

    def tasks_running(self, job_id: str) -> bool:
        """Say whether every task of the job runs; a job is RUNNING before its tasks are."""
        told = self.job(job_id)
        return told["state"] == "RUNNING" and all(
            vertex["status"] == "RUNNING" for vertex in told["vertices"]
        )

    def wait_until_running(self, job_id: str, timeout_s: float = 180.0) -> None:
        """Wait until every task of the job runs.

        Raises:
            FlinkError: It ended, or did not run in time; the message has its last exception.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.tasks_running(job_id):
                return
            if self.state(job_id) in ENDED:
                break
            time.sleep(0.2)
        why = self.exception(job_id)
        told = f"{root_cause(why)} (the whole text is at {self.exceptions_page(job_id)})"
        raise FlinkError(
            f"Job {job_id} is {self.state(job_id)}, and not all of its tasks run: "
            f"{told if why else 'it names no exception yet; ./cardwatch status has news.'}"
        )

    def wait_until_ended(self, job_id: str, timeout_s: float = 60.0) -> str:
        """Wait until the job has ended and return its state."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            state = self.state(job_id)
            if state in ENDED:
                return state
            time.sleep(0.2)
        raise FlinkError(f"Job {job_id} has not ended after {timeout_s:.0f} s.")

    def exception(self, job_id: str) -> str:
        """Return the newest exception of a job, empty where it has none."""
        entries = self.get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        return str(entries[0]["stacktrace"]) if entries else ""

    def exceptions_page(self, job_id: str) -> str:
        """Return the address of the page of the web UI that has a job's exceptions in full."""
        return f"{self.url}/#/job/running/{job_id}/exceptions"

    def checkpoints(self, job_id: str) -> dict[str, Any]:
        """Return the checkpoint statistics of a job: counts, summary, history, latest."""
        told: dict[str, Any] = self.get(f"/jobs/{job_id}/checkpoints")
        return told

    def latest_checkpoint(self, job_id: str) -> Checkpoint | None:
        """Return the last completed checkpoint of a job, None before the first."""
        told = self.checkpoints(job_id)["latest"]["completed"]
        if told is None:
            return None
        return Checkpoint(
            told["id"], told["external_path"], told["state_size"], told["end_to_end_duration"]
        )

    def metrics(self, job_id: str, vertex_id: str, names: Sequence[str]) -> dict[str, float]:
        """Return metrics of a vertex, each summed over its subtasks; a name is as in the UI."""
        query = ",".join(names)
        path = f"/jobs/{job_id}/vertices/{vertex_id}/subtasks/metrics?get={query}&agg=sum"
        return {metric["id"]: float(metric["sum"]) for metric in self.get(path)}

    def metric_names(self, job_id: str, vertex_id: str) -> list[str]:
        """Return the names of the metrics that the subtasks of a vertex report."""
        told = self.get(f"/jobs/{job_id}/vertices/{vertex_id}/subtasks/metrics")
        return sorted(metric["id"] for metric in told)

    def cancel(self, job_id: str, timeout_s: float = 60.0) -> None:
        """Cancel a job and wait until it has ended; one that has ended already is left."""
        if self.state(job_id) not in ENDED:
            self._call("PATCH", f"/jobs/{job_id}?mode=cancel")
            self.wait_until_ended(job_id, timeout_s)

    def savepoint(self, job_id: str, *, stop: bool, timeout_s: float = 120.0) -> str:
        """Take a savepoint, stopping the job if asked, and return where it lies.

        Raises:
            FlinkError: It failed or took too long; the message has the cause.
        """
        action, option = ("stop", "drain") if stop else ("savepoints", "cancel-job")
        trigger = self._call("POST", f"/jobs/{job_id}/{action}", {option: False})["request-id"]
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            told = self.get(f"/jobs/{job_id}/savepoints/{trigger}")
            if told["status"]["id"] == "COMPLETED":
                place = _location(told["operation"])
                if stop:
                    self.wait_until_ended(job_id, timeout_s)
                return place
            time.sleep(0.2)
        raise FlinkError(f"The savepoint was not complete within {timeout_s:.0f} s.")

    def get(self, path: str) -> Any:
        """Return the decoded answer to a GET of `path`."""
        return self._call("GET", path)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310  # the address is the cluster's own
            self.url + path, data, headers, method=method
        )
        try:
            with _DIRECT.open(request, timeout=self.timeout_s) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise FlinkError(f"{method} {path}: {error.code}, {_reason(error.read())}") from error
        except ValueError as error:
            raise FlinkError(f"{method} {path}: the answer is not JSON: {error}") from error
        except OSError as error:
            raise FlinkError(f"The Flink cluster at {self.url} does not answer: {error}") from error


# Loopback is never reached through a proxy, whatever the environment says.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


_CAUSED_BY: Final = "Caused by: "
_PACKAGE: Final = re.compile(r"^(?:[a-z_][\w$]*\.)+(?=[A-Z]\w*)")


def root_cause(stacktrace: str) -> str:
    r"""Return the innermost exception of a Java stack trace in one line, without its package.

    >>> root_cause("a.b.JobException: no\n\tat a.B.c(B.java:1)\nCaused by: d.e.IOError: disk full")
    'IOError: disk full'
    """
    lines = [line.strip() for line in stacktrace.strip().splitlines() if line.strip()]
    causes = [line.removeprefix(_CAUSED_BY) for line in lines if line.startswith(_CAUSED_BY)]
    cause = causes[-1] if causes else next(iter(lines), "no reason was given")
    return one_line(_PACKAGE.sub("", cause), _LONGEST_REASON)


def _location(operation: dict[str, Any]) -> str:
    if "location" in operation:
        return str(operation["location"])
    cause = operation.get("failure-cause", {}).get("stack-trace", "no cause given")
    raise FlinkError(f"The savepoint failed: {root_cause(cause)}.")


_LONGEST_REASON = 500


def _reason(body: bytes) -> str:
    try:
        errors = json.loads(body)["errors"]
        return one_line(errors[-1].strip().splitlines()[0], _LONGEST_REASON)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return one_line(body.decode(errors="replace"), _LONGEST_REASON)
