"""Scene of a fault: the running stack and job, the traffic, and ways to wait."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.errors import BenchmarkError
from scoring.loader import Bundle
from stack.errors import StackError
from stack.services.embedded import Stack
from verify.faults.live_job import LiveJob
from verify.faults.traffic import Flow, Traffic

_LOOK_EVERY_S = 0.1
_CHECKPOINT_S = 60.0
_LOOK_INTO_FOLDER_S = 0.0002

CARD_STAGE = "card stage"
MERCHANT_STAGE = "merchant stage"


@dataclass
class Scene:
    """State of one run of a fault, while it runs.

    Attributes:
        seed: Of the run; fixes payments, moment and what `random` draws.
        random: For whatever a fault has to choose.
        stack: The stack, with its processes by name.
        job: The job; a fault may stop it and start it anew.
        flow: The payments on their way.
        traffic: What they are.
        bundles: Every bundle that has scored, the job's first one first.
        say: Tells a person what happens.
        notes: What was done (victim, checkpoint, ...), shown and reported with the run.
        expected_repeats: How many decisions a fault foretells to be made again.
        struck_s: time.monotonic() at which the fault began; `strike` sets it.
        struck_ms: The same in epoch milliseconds.
    """

    seed: int
    random: random.Random
    stack: Stack
    job: LiveJob
    flow: Flow
    traffic: Traffic
    bundles: list[Bundle]
    say: Callable[[str], None]
    notes: dict[str, object] = field(default_factory=dict)
    expected_repeats: int = 0
    struck_s: float = 0.0
    struck_ms: int = 0

    def strike(self) -> None:
        """Note that the fault begins now; called before `inject`, again by what prepares first."""
        self.struck_s, self.struck_ms = time.monotonic(), time.time_ns() // 1_000_000

    def pid(self, process: str) -> int:
        """Return the pid of broker, jobmanager, taskmanager-1, ...; waits for one that restarts."""
        found: list[int] = []

        def running() -> bool:
            try:
                found.append(self.stack.pid(process))
            except StackError:
                return False
            return True

        self.wait_until(running, 30.0, f"{process} runs")
        return found[-1]

    def taskmanager_of(self, stage: str) -> str:
        """Return the name of a TaskManager that runs a subtask of CARD_STAGE or MERCHANT_STAGE."""
        flink = self.stack.flink
        for vertex in flink.job(self.job.id)["vertices"]:
            if stage in vertex["name"]:
                told = flink.get(f"/jobs/{self.job.id}/vertices/{vertex['id']}/taskmanagers")
                names = sorted(each["taskmanager-id"] for each in told["taskmanagers"])
                return str(self.random.choice(names))
        raise BenchmarkError(f"The job has no {stage}: look at its graph in the Flink web UI.")

    def wait_for_checkpoint_in_progress(self) -> int:
        """Return the number of a checkpoint that has started and not completed.

        The JobManager makes a checkpoint's folder when it starts and its metadata when it
        completes; the REST API answers from a cache of seconds, a checkpoint takes some 20 ms.
        """
        folder = self.stack.layout.checkpoints / self.job.id
        deadline = time.monotonic() + _CHECKPOINT_S
        while time.monotonic() < deadline:
            newest = max((int(each.name[4:]) for each in folder.glob("chk-*")), default=0)
            if newest and not self.is_complete(newest):
                return newest
            time.sleep(_LOOK_INTO_FOLDER_S)
        raise BenchmarkError(
            f"Expected a checkpoint in progress within {_CHECKPOINT_S:.0f} s, saw none: look at "
            "the job's checkpoints in the Flink web UI."
        )

    def wait_for_completed_checkpoint(self) -> int:
        """Return the number of a checkpoint that has completed just now."""
        number = self.wait_for_checkpoint_in_progress()
        deadline = time.monotonic() + _CHECKPOINT_S
        while time.monotonic() < deadline:
            if self.is_complete(number):
                return number
            time.sleep(_LOOK_INTO_FOLDER_S)
        raise BenchmarkError(f"Expected checkpoint {number} to complete, it did not.")

    def completed_checkpoints(self) -> list[int]:
        """Return the numbers of the completed checkpoints that the job still keeps, in order."""
        folder = self.stack.layout.checkpoints / self.job.id
        return sorted(int(each.parent.name[4:]) for each in folder.glob("chk-*/_metadata"))

    def is_complete(self, checkpoint: int) -> bool:
        """Say whether a checkpoint of the job has completed."""
        folder = self.stack.layout.checkpoints / self.job.id / f"chk-{checkpoint}"
        return (folder / "_metadata").exists()

    def wait_until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until a condition holds; BenchmarkError says what did not come about."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise BenchmarkError(f"Expected within {timeout_s:.0f} s: {what}.")
            time.sleep(_LOOK_EVERY_S)
