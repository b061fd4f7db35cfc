"""The broker is away for longer than a transaction may stay open, between prepare and commit.

Kafka loses data here by design: a checkpoint has completed, so the job will not write its decisions
again, and the broker aborts the transaction that holds them before the job can commit it. The
audit has to name what is lost, and a savepoint from before has to bring it back.
"""

from __future__ import annotations

import os
import signal
import time

from events.topics import DECISIONS
from harness.errors import BenchmarkError
from harness.offsets import wait_until_settled
from harness.open_transactions import held_back
from stack.clients.topics import is_serving
from stack.services.kafka import SWEEP_S
from stack.settings import BROKER
from verify.audit import audit
from verify.faults.fault import Expectation, Fault, Kind, Moment
from verify.faults.judge import expected_ids
from verify.faults.processes import kill
from verify.faults.producer_log import asked
from verify.faults.scene import MERCHANT_STAGE, Scene
from verify.faults.traffic import Traffic
from verify.reading import read_decided

_TIMEOUT_S = 10
"""Of the sink's transactions in this fault; 15 minutes unless told otherwise."""
_GOES_ON_S = 3.0
_HOLD_S = 2.0
_DRAINED_S = 0.3
_GATHERS_S = 0.4
"""Decisions of so long are in the transaction that is to be lost."""
_FIRST_WAIT_S, _STEP_S = 0.03, 0.004
_TRIES = 25
_SERVES_S = 60.0
_ABORTED_S = SWEEP_S + 5.0
_PATIENCE_S = 0.0


def broker_outage(scene: Scene) -> None:
    """Take a savepoint, lose a transaction, find what is lost, and start from the savepoint."""
    snapshot = scene.job.stop()
    before = len(read_decided(scene.stack.kafka))
    scene.job.start(snapshot)
    time.sleep(_GOES_ON_S)
    _lose_a_transaction(scene)
    scene.flow.finish()
    _wait_until_recovered(scene)
    lost = _detected(scene)
    scene.notes["lost and detected"] = len(lost)
    scene.job.cancel()
    scene.expected_repeats = len(read_decided(scene.stack.kafka)) - before
    scene.job.start(snapshot)


def _lose_a_transaction(scene: Scene) -> None:
    """Hang the sink between a checkpoint and its commit, and the broker until it has timed out.

    The sink goes on only after the broker has looked for old transactions, as its commit might
    otherwise come first.
    """
    worker = _hang_before_commit(scene)
    try:
        kill(scene, BROKER)
        successor = scene.pid(BROKER)
        os.kill(successor, signal.SIGSTOP)
        time.sleep(1.5 * _TIMEOUT_S)
        os.kill(successor, signal.SIGCONT)
        scene.wait_until(lambda: is_serving(scene.stack.kafka), _SERVES_S, "a broker that serves")
        time.sleep(_ABORTED_S)
    finally:
        os.kill(worker, signal.SIGCONT)


def _hang_before_commit(scene: Scene) -> int:
    """Stop the sink's process after its part of a checkpoint and before its commit; return its pid.

    Between them lie some ten milliseconds, somewhere behind the checkpoint's start: after a stop
    that the checkpoint did not survive the next comes a little later, after one that left nothing
    uncommitted a little earlier. The payments pause meanwhile, so that only this transaction is
    open.
    """
    worker = scene.pid(scene.taskmanager_of(MERCHANT_STAGE))
    wait_s = _FIRST_WAIT_S
    for attempt in range(1, _TRIES + 1):
        scene.wait_for_completed_checkpoint()
        time.sleep(_GATHERS_S)
        scene.flow.pace.hold(_HOLD_S)
        checkpoint = scene.wait_for_checkpoint_in_progress()
        time.sleep(wait_s)
        os.kill(worker, signal.SIGSTOP)
        time.sleep(_DRAINED_S)
        completed = scene.is_complete(checkpoint)
        if completed and held_back(scene.stack.kafka):
            scene.notes |= {"checkpoint": checkpoint, "tries": attempt}
            return worker
        os.kill(worker, signal.SIGCONT)
        wait_s = max(0.0, wait_s - _STEP_S) if completed else wait_s + _STEP_S
        time.sleep(_HOLD_S)
    raise BenchmarkError(
        f"Expected to stop the sink before one of {_TRIES} commits and was too early or too late "
        "each time. The run says nothing: repeat it on a quieter machine."
    )


def _wait_until_recovered(scene: Scene) -> None:
    """Wait until the job runs again and has written all that it is going to."""
    flink = scene.stack.flink
    scene.wait_until(lambda: flink.tasks_running(scene.job.id), 120.0, "the job runs again")
    wait_until_settled(scene.stack.kafka, DECISIONS.name, still_s=8.0)


def _detected(scene: Scene) -> list[str]:
    """Return the ids that the audit calls lost.

    BenchmarkError where the producer's log calls others lost, or nothing is.
    """
    found = audit(scene.stack.kafka, _PATIENCE_S)
    missing = expected_ids(asked(scene.flow.log)) - set(read_decided(scene.stack.kafka))
    if set(found.lost) != missing or found.doubled:
        raise BenchmarkError(
            f"The audit called {len(found.lost)} payments lost and {len(found.doubled)} doubled; "
            f"by the producer's log {len(missing)} are lost and none is doubled."
        )
    if not found.lost:
        raise BenchmarkError(
            "Expected the outage to lose a transaction, and it lost none. The commit came before "
            "the broker's abort, so the run says nothing: repeat it with another seed."
        )
    return found.lost


FAULTS = (
    Fault(
        "broker-outage",
        "The broker is away for longer than the transaction time-out, between a checkpoint and "
        "its commit. The audit names what Kafka loses, an older savepoint brings it back.",
        Kind.PROCESS,
        broker_outage,
        moments=(Moment.RANDOM,),
        job_arguments=("--transaction-timeout-ms", str(1000 * _TIMEOUT_S)),
        traffic=Traffic(payments=12_000, per_s=100.0),
        expects=Expectation.COUNTED_REPEATS,
        shared=False,
    ),
)
