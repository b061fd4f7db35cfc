"""Processes that die and processes that hang."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

from stack.settings import BROKER, JOBMANAGER, ZOOKEEPER
from verify.faults.fault import Control, Fault, Inject, Kind
from verify.faults.scene import CARD_STAGE, MERCHANT_STAGE, Scene
from verify.faults.traffic import Traffic

_STOP_S = 60.0
_PAUSE_S = 30.0
DOUBLES = Control("with at-least-once the restarted job writes again what was not checkpointed")
"""For every fault that makes the job restart."""


def kill(scene: Scene, process: str) -> None:
    """End a process with SIGKILL; its supervisor starts another."""
    before = scene.pid(process)
    scene.notes["victim"] = process
    scene.strike()  # what came while the victim was looked for was still its own
    os.kill(before, signal.SIGKILL)
    scene.wait_until(lambda: scene.pid(process) != before, _STOP_S, f"another {process}")


def kill_taskmanager(scene: Scene) -> None:
    """Kill the card stage's or the merchant stage's process, taking turns every two seeds."""
    stage = (CARD_STAGE, MERCHANT_STAGE)[scene.seed // 2 % 2]
    scene.notes["stage"] = stage
    kill(scene, scene.taskmanager_of(stage))


def stop_broker(scene: Scene) -> None:
    """Ask the broker to stop, which it does in order; its supervisor starts another."""
    before = scene.pid(BROKER)
    scene.notes["victim"] = BROKER
    scene.strike()
    os.kill(before, signal.SIGTERM)
    scene.wait_until(lambda: scene.pid(BROKER) != before, _STOP_S, "another broker")


def pause(scene: Scene, process: str) -> None:
    """Stop a process with SIGSTOP for 30 s, then let it go on."""
    pid = scene.pid(process)
    scene.notes["victim"] = process
    scene.strike()
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(_PAUSE_S)
    finally:
        os.kill(pid, signal.SIGCONT)


def pause_taskmanager(scene: Scene) -> None:
    """Pause the process of a stage that the seed chooses."""
    stage = scene.random.choice((CARD_STAGE, MERCHANT_STAGE))
    scene.notes["stage"] = stage
    pause(scene, scene.taskmanager_of(stage))


def _paused(name: str, about: str, inject: Inject, control: Control | None) -> Fault:
    return Fault(
        name, about, Kind.PROCESS, inject, traffic=Traffic(payments=12_000), control=control
    )


FAULTS = (
    Fault(
        "kill-taskmanager",
        "SIGKILL of the process of the card stage or of the merchant stage.",
        Kind.PROCESS,
        kill_taskmanager,
        runs=20,
        control=DOUBLES,
        in_ci=True,
    ),
    Fault(
        "kill-broker",
        "SIGKILL of the broker.",
        Kind.PROCESS,
        partial(kill, process=BROKER),
        runs=20,
        in_ci=True,
    ),
    Fault("stop-broker", "Stop of the broker in order (SIGTERM).", Kind.PROCESS, stop_broker),
    _paused(
        "pause-taskmanager",
        "SIGSTOP of a stage's process for 30 s, longer than the heartbeat's time-out of 15 s.",
        pause_taskmanager,
        DOUBLES,
    ),
    _paused(
        "pause-jobmanager",
        "SIGSTOP of the JobManager for 30 s.",
        partial(pause, process=JOBMANAGER),
        None,
    ),
    _paused(
        "pause-broker", "SIGSTOP of the broker for 30 s.", partial(pause, process=BROKER), None
    ),
    _paused(
        "pause-zookeeper",
        "SIGSTOP of ZooKeeper for 30 s, six times the JobManager's session.",
        partial(pause, process=ZOOKEEPER),
        None,
    ),
)
