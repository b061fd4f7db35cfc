"""Declaration of a fault, which the suite runs, judges and reports without knowing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from harness.job import JOB
from jobs.settings import DEFAULT_ENGINE, Engine
from stack.settings import StackSettings
from verify.faults.scene import Scene
from verify.faults.traffic import Traffic


class Moment(StrEnum):
    """When a fault strikes, seconds of random length after committed decisions flow.

    MID_CHECKPOINT waits further until a checkpoint has started and not completed. UNCHECKPOINTED
    waits for decisions that no checkpoint covers, in a job whose checkpoints are held back.
    """

    RANDOM = "random"
    MID_CHECKPOINT = "mid-checkpoint"
    UNCHECKPOINTED = "before any checkpoint"


class Kind(StrEnum):
    """Part of the system that a fault strikes; a group of the table."""

    PROCESS = "process"
    NETWORK = "network"
    DISK = "disk"
    CLOCK = "clock"
    TRAFFIC = "traffic"
    LIFECYCLE = "lifecycle"


class Expectation(StrEnum):
    """Required outcome of a run.

    EXACTLY_ONCE: nothing lost, doubled, out of order or different.
    COUNTED_REPEATS: the fault makes the job decide payments again; each under its own id, with the
        same features and scores, and as many as the fault foretells (`Scene.expected_repeats`).
    """

    EXACTLY_ONCE = "exactly once"
    COUNTED_REPEATS = "repeats counted"


Inject = Callable[[Scene], None]
"""Does the fault and returns once it is over, or its repair has begun; draws from scene.random."""

Place = Callable[[StackSettings], AbstractContextManager[StackSettings]]
"""Prepares what the stack needs beneath it (a mount, a network), and gives it back at the end."""


@dataclass(frozen=True)
class Control:
    """A run in which the suite has to find something, or its findings mean nothing.

    By default the same fault, with the job's exactly-once turned off (`delivery`). Such a job
    takes no checkpoint of its own accord, so a restart decides again whatever it has decided: what
    there is to double does not depend on the machine's speed. `inject` replaces the fault's own
    where that alone would make no difference; `arguments` of the job turn off something else.
    """

    about: str
    delivery: str = "at-least-once"
    inject: Inject | None = None
    arguments: tuple[str, ...] = ()

    @property
    def holds_checkpoints_back(self) -> bool:
        """Whether the job takes no checkpoint; with exactly-once it could then commit nothing."""
        return self.delivery != "exactly-once"


@dataclass(frozen=True)
class Fault:
    """Declaration of one fault.

    Attributes:
        name: As it is called on the command line.
        about: One sentence: what is done to what.
        kind: The group of the table that it belongs to.
        inject: Does it.
        runs: How many seeds a whole run of the suite gives it.
        moments: When it strikes; seed n takes the n-th, so that seeds in a row go through all.
        parallelism: Of the job at its start; the stack has two TaskManagers for each.
        taskmanagers: More TaskManagers than the parallelism takes; 0 for as many as it takes.
        engine: Of the job.
        flink: Flink options of the stack, by their full key.
        job_arguments: Further arguments of the job, as in jobs/settings.py.
        first_job: The script of the job that runs first.
        traffic: What flows.
        place: Prepares the ground that the stack stands on.
        expects: What has to come out.
        control: The run that has to find something; None where the judge's unit tests stand for
            it, and then `about` says so.
        shared: Whether several runs may strike one job, one after the other.
        timeout_s: A run that has sent everything waits so long for the next decision.
        in_ci: Whether the continuous integration runs it, with one seed.
    """

    name: str
    about: str
    kind: Kind
    inject: Inject
    runs: int = 3
    moments: tuple[Moment, ...] = (Moment.RANDOM, Moment.MID_CHECKPOINT)
    parallelism: int = 1
    taskmanagers: int = 0
    engine: Engine = DEFAULT_ENGINE
    flink: Mapping[str, str] = field(default_factory=dict)
    job_arguments: tuple[str, ...] = ()
    first_job: Path = JOB
    traffic: Traffic = field(default_factory=Traffic)
    place: Place = nullcontext
    expects: Expectation = Expectation.EXACTLY_ONCE
    control: Control | None = None
    shared: bool = True
    timeout_s: float = 180.0
    in_ci: bool = False

    def moment(self, seed: int) -> Moment:
        """Return when the run of a seed strikes."""
        return self.moments[seed % len(self.moments)]

    @property
    def workers(self) -> int:
        """TaskManagers of the stack."""
        return self.taskmanagers or 2 * self.parallelism
