"""The peers, each as a declaration: what it is, what it promises, and how it was set up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.peers.driver import Driver, FlinkJob, Peer, Processes, Scene
from benchmarks.peers.environment import HERE, Environment
from harness.errors import BenchmarkError
from harness.job import JOB
from stack.services.embedded import Stack
from stack.submission.submit import submit

_PYFLINK: Final = HERE / "pyflink_documented.py"


def environment_of(peer: Peer) -> Environment:
    """Return where a peer's own packages and jars are."""
    return Environment(peer.name)


def _job(scene: Scene) -> Driver:
    return FlinkJob(lambda stack: _submit(stack, JOB, scene.bundle, 1), scene)


def _pyflink(scene: Scene) -> Driver:
    return FlinkJob(lambda stack: _submit(stack, _PYFLINK, scene.bundle, 2), scene)


def _java(scene: Scene) -> Driver:
    return FlinkJob(lambda stack: _submit(stack, scene.environment.jars[0], scene.bundle, 2), scene)


def _submit(stack: Stack, job: Path, bundle: Path, parallelism: int) -> str:
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(bundle)]
    return submit(stack, job, arguments, parallelism=parallelism)


def _bare(scene: Scene) -> Driver:
    module = [sys.executable, "-m", "benchmarks.peers.bare_loop", "--endless"]
    command = [*module, "--bootstrap", scene.stack.kafka, "--bundle", str(scene.bundle)]
    return Processes([command], scene)


def _quix(scene: Scene) -> Driver:
    python = str(scene.environment.python)
    module = [python, "-m", "benchmarks.peers.quix_streams", scene.stack.kafka, str(scene.bundle)]
    commands = [[*module, str(scene.folder / f"state-{n}"), str(n)] for n in range(QUIX_PROCESSES)]
    return Processes(commands, scene)


def _bytewax(scene: Scene) -> Driver:
    python, state = str(scene.environment.python), scene.folder / "recovery"
    state.mkdir()
    told = subprocess.run(
        [python, "-m", "bytewax.recovery", str(state), "1"], capture_output=True, text=True
    )
    if told.returncode:
        raise BenchmarkError(f"bytewax.recovery failed: {told.stderr.strip()[-300:]}")
    flow = f"benchmarks.peers.bytewax_flow:flow({scene.stack.kafka!r}, {str(scene.bundle)!r})"
    recovery = ["-r", str(state), "-s", "1", "-b", "0"]
    return Processes([[python, "-m", "bytewax.run", flow, *recovery]], scene)


def _spark(scene: Scene) -> Driver:
    jars = ",".join(map(str, scene.environment.jars))
    module = [str(scene.environment.python), "-m", "benchmarks.peers.spark_streaming"]
    command = [*module, scene.stack.kafka, str(scene.bundle), str(scene.folder), jars]
    return Processes([command], scene)


QUIX_PROCESSES: Final = 2

PEERS: Final = {
    peer.name: peer
    for peer in (
        Peer(
            name="job",
            about="Cardwatch's own job, batch engine",
            guarantee="exactly once: output, state and offsets with each checkpoint",
            configuration="as `./cardwatch submit` starts it: two TaskManagers, state on the heap, "
            "a checkpoint each second",
            batches="all, what a poll brought for a partition",
            driver=_job,
        ),
        Peer(
            name="bare",
            about="the job's two stages in a plain loop over confluent-kafka",
            guarantee="output and offsets exactly once; the state is lost in a crash",
            configuration="one process, states in dicts, a transaction each second",
            batches="all, what is there at a poll, 1,000 records at most",
            driver=_bare,
            keeps_state=False,
        ),
        Peer(
            name="quix",
            about="Quix Streams",
            guarantee="exactly once: output, changelog of the state and offsets in a transaction",
            configuration="two processes that share the partitions; processing_guarantee "
            "exactly-once, RocksDB with changelog topics, commit_interval 1 s; a fixed "
            "transactional.id for each, so that a restart ends what a crash left open",
            batches="none: it takes record by record",
            driver=_quix,
        ),
        Peer(
            name="pyflink",
            about="PyFlink as its documentation writes it",
            guarantee="exactly once: output, state and offsets with each checkpoint",
            configuration="process mode (the default), key_by and KeyedProcessFunction in Python, "
            "pandas UDF for the score; two TaskManagers at parallelism 2, state on the heap, a "
            "checkpoint each second",
            batches="scores in Arrow batches; functions with state take record by record",
            driver=_pyflink,
            flink={
                "python.execution-mode": "process",
                # Bundles of 100,000 or a second are the default: a second of latency each.
                "python.fn-execution.bundle.time": "10",
            },
        ),
        Peer(
            name="bytewax",
            about="Bytewax",
            guarantee="state and offsets exactly once, output at least once: its Kafka sink has no "
            "transactions",
            configuration="one process with one worker (workers of a process share an interpreter "
            "lock), recovery in SQLite, a snapshot each second",
            batches="reading and scores, what polls brought; features by key",
            driver=_bytewax,
            micro_batches=True,
        ),
        Peer(
            name="spark",
            about="Spark Structured Streaming, transformWithState",
            guarantee="state and offsets exactly once, output at least once: its Kafka sink has no "
            "transactions",
            configuration="local[2], two shuffle partitions, 16 grouping keys with a map state "
            "each, RocksDB with changelog checkpoints, a micro-batch as soon as the last has "
            "ended, 10,000 records at most",
            batches="all, those of a sixteenth of the keys in a micro-batch",
            driver=_spark,
            micro_batches=True,
        ),
        Peer(
            name="java",
            about="Flink in Java with ONNX Runtime's Java binding, an upper bound",
            guarantee="exactly once: output, state and offsets with each checkpoint",
            configuration="two TaskManagers at parallelism 2, state on the heap, a checkpoint each "
            "second",
            batches="none: it takes record by record",
            driver=_java,
            reduced="count, sum, mean, deviation and maximum of amounts in five windows for card "
            "and merchant, from as many bytes of state, and the whole model's score; no other "
            "feature (the model sees them as missing), no labels, reasons, alerts or dead letters",
        ),
    )
}
"""By name, in the order in which they are measured: the job first, then its ceiling."""
