"""Start the job on a cluster of containers; its arguments are those of the job.

Each `docker compose up` runs this. A job that runs is left alone; where none does, because it is
the first time or the JobManager was lost, `flink run` goes on from the newest checkpoint or
savepoint in the shared volumes, so nothing is decided twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from stack.cluster import parallelism
from stack.flink import FlinkClient
from stack.settings import Layout, StackSettings
from stack.snapshots import newest_snapshot

JOB = "jobs/fraud_detection.py"
_JOBMANAGER = "http://jobmanager:8081"


def command(settings: StackSettings, arguments: Sequence[str]) -> list[str]:
    """Return the ordinary `flink run`, from the newest snapshot where there is one."""
    snapshot = newest_snapshot(Layout(settings.folder))
    start = [] if snapshot is None else ["-s", snapshot.as_uri()]
    return ["flink", "run", "-d", "-p", str(parallelism(settings)), *start, "-py", JOB, *arguments]


def main(arguments: Sequence[str]) -> None:
    """Become `flink run`, or end where a job runs already."""
    running = FlinkClient(os.environ.get("CARDWATCH_JOBMANAGER", _JOBMANAGER)).running()
    if running:
        sys.stdout.write(f"{running[0].name} is {running[0].state} already.\n")
        return
    settings = StackSettings(
        folder=Path(os.environ["CARDWATCH_FOLDER"]),
        taskmanagers=int(os.environ["CARDWATCH_TASKMANAGERS"]),
    )
    words = command(settings, arguments)
    os.execvp(words[0], words)  # noqa: S606  # no shell is wanted: the words are the command


if __name__ == "__main__":
    main(sys.argv[1:])
