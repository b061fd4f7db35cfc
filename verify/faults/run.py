"""Run a fault: a stack of its own, the job, and for each seed traffic, the fault, the judgement."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import KafkaException

from events.topics import DECISIONS
from features import warm_up
from harness.errors import BenchmarkError
from harness.offsets import wait_until_settled
from harness.open_transactions import held_back
from harness.own_stack import refuse_foreign
from scoring.loader import Bundle, load_bundle
from stack.errors import StackError
from stack.services.embedded import Stack
from stack.settings import StackSettings
from verify.faults.fault import Control, Expectation, Fault, Inject, Moment
from verify.faults.judge import expected_ids, judge
from verify.faults.live_job import LiveJob
from verify.faults.producer_log import asked
from verify.faults.results import FaultResult, RunResult
from verify.faults.scene import Scene
from verify.faults.subscriber import Subscriber, ends, see
from verify.faults.traffic import records
from verify.faults.traffic_apart import new_flow

_RUNS_A_STACK = 5
"""A fault may strike one job so often; then a new one begins, lest only old jobs be tried."""
_FIRST_DECISION_S = 120.0
_EARLIEST_S, _LATEST_S = 3.0, 6.0
"""The random moment, in seconds after the first committed decision."""
_TO_DOUBLE = 100
"""A control strikes with so many decisions, at least, that no checkpoint covers."""
_TO_DOUBLE_S = 120.0
_NO_CHECKPOINTS = {
    "execution.checkpointing.interval": "1 d",
    "execution.checkpointing.min-pause": "1 d",
}
"""The first checkpoint comes at random between the pause and the interval: not in this run."""
_GRACE_S = 15.0
"""After the last decision a transaction may stay open so long."""
_LOOK_EVERY_S = 0.2

Say = Callable[[str], None]
OnRun = Callable[[RunResult], None]


@dataclass(frozen=True)
class FaultSettings:
    """Runs to do: `seeds` one after the other, of the fault or of its control."""

    folder: Path
    bundle: Path
    seeds: Sequence[int]
    control: bool = False
    keep: bool = False


def run_fault(fault: Fault, settings: FaultSettings, say: Say, on_run: OnRun) -> FaultResult:
    """Run every seed; a run that fails says why and does not keep the next from running.

    BenchmarkError where the folder is no stack's, or the fault has no control and one is asked for.
    """
    refuse_foreign(settings.folder)
    warm_up()
    subject = controlled(fault) if settings.control else fault
    bundle = load_bundle(settings.bundle)
    result = FaultResult(fault.name, settings.control)
    waiting = list(settings.seeds)
    while waiting:
        for run in _runs_on_a_stack(subject, settings, waiting, bundle, say):
            waiting.remove(run.seed)
            result.runs.append(run)
            on_run(run)
    return result


def _runs_on_a_stack(
    fault: Fault, settings: FaultSettings, seeds: Sequence[int], bundle: Bundle, say: Say
) -> Iterator[RunResult]:
    """Start a stack and yield the runs that may share it: one at least, none after a failed one."""
    say(f"{fault.name}: starting a stack")
    share = list(seeds[: _RUNS_A_STACK if fault.shared else 1])
    ran = False
    try:
        with _stack(fault, settings, say) as stack:
            job = _first_job(fault, stack, bundle)
            for seed in share:
                run = _run(fault, seed, stack, job, bundle, say)
                ran = True
                yield run
                if run.problems:
                    break
    except StackError as error:
        if ran:
            raise
        yield RunResult(share[0], "-", {}, None, None, (), str(error), _now())


def controlled(fault: Fault) -> Fault:
    """Return a fault's control: the same with exactly-once off, or what the control names.

    BenchmarkError where it has none.
    """
    control: Control | None = fault.control
    if control is None:
        raise BenchmarkError(
            f"{fault.name} has no control: tests/unit/verify/faults shows that the judge sees "
            "a lost, doubled, moved and changed decision."
        )
    inject: Inject = control.inject or fault.inject
    arguments = (*fault.job_arguments, "--delivery", control.delivery, *control.arguments)
    held_back = control.holds_checkpoints_back
    return replace(
        fault,
        inject=inject,
        job_arguments=arguments,
        moments=(Moment.UNCHECKPOINTED if held_back else Moment.RANDOM,),
        flink={**fault.flink, **_NO_CHECKPOINTS} if held_back else fault.flink,
        expects=Expectation.EXACTLY_ONCE,
        shared=False,
    )


@contextmanager
def _stack(fault: Fault, settings: FaultSettings, say: Say) -> Iterator[Stack]:
    """Start an empty stack on the ground that the fault wants."""
    wanted = StackSettings(settings.folder, taskmanagers=fault.workers, flink=fault.flink)
    Stack(wanted).down(delete_data=True)
    with fault.place(wanted) as placed:
        stack = Stack(placed)
        try:
            stack.up(say)
            yield stack
        finally:
            stack.down(delete_data=not settings.keep)


def _first_job(fault: Fault, stack: Stack, bundle: Bundle) -> LiveJob:
    job = LiveJob(
        stack, bundle.path, fault.engine, fault.parallelism, fault.job_arguments, fault.first_job
    )
    job.start()
    return job


def _run(
    fault: Fault, seed: int, stack: Stack, job: LiveJob, bundle: Bundle, say: Say
) -> RunResult:
    """Run one seed and judge it; what keeps it from its end is told in the result."""
    chance = random.Random(f"{fault.name} {seed}")
    sent = records(fault.traffic, seed)
    if fault.traffic.alter is not None:
        sent = list(fault.traffic.alter(sent, chance))
    flow = new_flow(stack, sent, fault.traffic.per_s)
    scene = Scene(seed, chance, stack, job, flow, fault.traffic, [bundle], say)
    moment = fault.moment(seed)
    date = _now()
    try:
        start = ends(stack.kafka)
        with Subscriber(stack.kafka, start[DECISIONS.name]) as subscriber:
            flow.start()
            told = _strike(fault, scene, subscriber, moment)
            flow.finish()
            _wait_for_the_last(fault, scene, subscriber)
            recovered_s = subscriber.first_since(scene.struck_ms, scene.struck_s)
        back = _wait_for_transactions(stack.kafka)
        with suppress(BenchmarkError):  # what never settles is in `back`
            wait_until_settled(stack.kafka, DECISIONS.name)
        verdict = judge(
            flow.log,
            see(stack.kafka, start),
            scene.bundles,
            fault.expects,
            scene.expected_repeats,
            one_writer=job.widest == 1,
        )
    except (BenchmarkError, StackError, KafkaException) as error:
        flow.stop()
        return RunResult(seed, moment, scene.notes, None, None, (), str(error), date)
    recovery = None if recovered_s is None else round(recovered_s - scene.struck_s, 2)
    return RunResult(seed, told, scene.notes, verdict, recovery, tuple(back), "", date)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _strike(fault: Fault, scene: Scene, subscriber: Subscriber, moment: Moment) -> str:
    """Wait for the moment, do the fault, and return the moment in words."""
    scene.wait_until(lambda: bool(subscriber.arrivals), _FIRST_DECISION_S, "a committed decision")
    wait_s = scene.random.uniform(_EARLIEST_S, _LATEST_S)
    time.sleep(wait_s)
    told = f"{wait_s:.2f} s after the first decision"
    if moment is Moment.MID_CHECKPOINT:
        told = f"in checkpoint {scene.wait_for_checkpoint_in_progress()}, {told}"
    if moment is Moment.UNCHECKPOINTED:
        told = f"{_uncheckpointed(scene, subscriber)} decisions before any checkpoint, {told}"
    scene.strike()
    scene.say(f"{fault.name}, seed {scene.seed}: {told}")
    fault.inject(scene)
    return told


def _uncheckpointed(scene: Scene, subscriber: Subscriber) -> int:
    """Wait for decisions that a restart makes again, and return how many there are.

    BenchmarkError where too few come, or where a checkpoint has completed after all.
    """
    seen = subscriber.arrivals
    scene.wait_until(lambda: len(seen) >= _TO_DOUBLE, _TO_DOUBLE_S, f"{_TO_DOUBLE} decisions")
    if completed := scene.completed_checkpoints():
        raise BenchmarkError(
            f"Expected a job without checkpoints, got checkpoint {completed[-1]}: the control "
            f"proves nothing; look for another setting of {', '.join(_NO_CHECKPOINTS)}."
        )
    scene.notes["not checkpointed"] = len(seen)
    return len(seen)


def _wait_for_the_last(fault: Fault, scene: Scene, subscriber: Subscriber) -> None:
    """Wait until every payment is decided, or no decision has come for the fault's time-out."""
    wanted = expected_ids(asked(scene.flow.log))
    deadline, seen, known = time.monotonic() + fault.timeout_s, 0, set[str]()
    while not wanted <= known and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
        count = len(subscriber.arrivals)
        if count > seen:
            deadline = time.monotonic() + fault.timeout_s
            known.update(each.transaction_id for each in subscriber.arrivals[seen:count])
            seen = count


def _wait_for_transactions(bootstrap: str) -> list[str]:
    """Return the partitions that are still held back after the grace time."""
    deadline = time.monotonic() + _GRACE_S
    while (back := list(held_back(bootstrap))) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
    return back
