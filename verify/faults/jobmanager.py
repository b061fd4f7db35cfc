"""The JobManager dies, and ZooKeeper, which remembers its job for it."""

from __future__ import annotations

import time
from functools import partial

from stack.clients.flink import FlinkError
from stack.settings import JOBMANAGER, ZOOKEEPER
from verify.faults.fault import Control, Fault, Kind
from verify.faults.processes import kill
from verify.faults.scene import Scene
from verify.faults.traffic import Traffic

_KILLS = 3
_PAUSE_S = 5.0
_RECOVERED_S = 120.0


def kill_jobmanager(scene: Scene) -> None:
    """Kill the JobManager three times, each once the one before has its job back."""
    for number in range(_KILLS):
        if number:
            time.sleep(scene.random.uniform(1.0, _PAUSE_S))
        kill(scene, JOBMANAGER)
        began = time.monotonic()
        scene.wait_until(partial(_runs, scene), _RECOVERED_S, "the new JobManager runs the job")
        scene.notes[f"job_back_{number + 1}_s"] = round(time.monotonic() - began, 1)


def _runs(scene: Scene) -> bool:
    """Say whether every task of the job runs; a JobManager that starts has no answer yet."""
    try:
        return scene.stack.flink.tasks_running(scene.job.id)
    except FlinkError:
        return False


FAULTS = (
    Fault(
        "kill-jobmanager",
        "SIGKILL of the JobManager, three times, each once its job is back.",
        Kind.PROCESS,
        kill_jobmanager,
        runs=20,
        # Some are still to be sent when the third one has its job back.
        traffic=Traffic(payments=9_000, per_s=120.0),
        control=Control("with at-least-once what was not checkpointed is written again"),
        in_ci=True,
    ),
    Fault(
        "kill-zookeeper",
        "SIGKILL of ZooKeeper, which the JobManager keeps its job in.",
        Kind.PROCESS,
        partial(kill, process=ZOOKEEPER),
    ),
)
