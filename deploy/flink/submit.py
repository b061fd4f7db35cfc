"""Start the job on a cluster of containers; its arguments are those of the job.

Each `docker compose up` runs this. A job that runs is left alone; where none does, because it is
the first time or the JobManager was lost, `flink run` goes on from the newest checkpoint or
savepoint in the shared volumes, so nothing is decided twice. Payments that the broker deleted
before the job read them are named, and end the container with 1: the job runs without them. Where
the job would pass over payments that are still there, it is not started; CARDWATCH_ACCEPT_GAP=1
in the environment starts it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stack.clients.flink import FlinkClient
from stack.errors import StackError
from stack.installation import Installation
from stack.services.cluster import parallelism
from stack.settings import Layout, StackSettings
from stack.submission.resume import Outlook, look_ahead, record
from stack.submission.snapshots import newest_snapshot
from stack.submission.unread_record import remember_topics

JOB = "jobs/fraud_detection.py"
_JOBMANAGER = "http://jobmanager:8081"


def command(
    settings: StackSettings, snapshot: Path | None, outlook: Outlook, arguments: Sequence[str]
) -> list[str]:
    """Return the ordinary `flink run`, from a snapshot where there is one."""
    start = [] if snapshot is None else ["-s", snapshot.as_uri()]
    unread = ["--unread-deleted", str(outlook.records)] if outlook.records else []
    run = ["flink", "run", "-d", "-p", str(parallelism(settings)), *start]
    return [*run, "-py", JOB, *arguments, *unread]


def main(arguments: Sequence[str]) -> int:
    """Run `flink run`, or leave a job that runs; return the exit status."""
    running = FlinkClient(os.environ.get("CARDWATCH_JOBMANAGER", _JOBMANAGER)).running()
    if running:
        sys.stdout.write(f"{running[0].name} is {running[0].state} already.\n")
        return 0
    settings = StackSettings(
        folder=Path(os.environ["CARDWATCH_FOLDER"]),
        taskmanagers=int(os.environ["CARDWATCH_TASKMANAGERS"]),
    )
    layout = Layout(settings.folder)
    snapshot = newest_snapshot(layout)
    outlook = _look_ahead(layout, snapshot, arguments)
    for gap in outlook.gaps:
        sys.stderr.write(f"{gap}\n")
    if outlook.passed_over and os.environ.get("CARDWATCH_ACCEPT_GAP") != "1":
        sys.stderr.write("Nothing was started: set CARDWATCH_ACCEPT_GAP=1 to leave these out.\n")
        return 1
    record(layout, outlook, snapshot)
    status = subprocess.run(command(settings, snapshot, outlook, arguments)).returncode
    if status == 0 and outlook.topics:
        remember_topics(layout, outlook.topics)
    return status or int(bool(outlook.gaps))


def _look_ahead(layout: Layout, snapshot: Path | None, arguments: Sequence[str]) -> Outlook:
    """Look at topics and snapshot; what cannot be looked at is said, and left to the job."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--bootstrap", default="")
    bootstrap = parser.parse_known_args(arguments)[0].bootstrap
    try:
        outlook = look_ahead(Installation(), layout, bootstrap, snapshot)
    except StackError as error:
        outlook = Outlook({}, [], str(error))
    if outlook.unknown:
        sys.stderr.write(f"Whether payments were deleted unread is not known: {outlook.unknown}\n")
    return outlook


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
