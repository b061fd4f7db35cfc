"""Run the bare loop as a process of its own and take its figures."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.peers.bare_loop import OUTPUT_TOPICS
from harness.errors import BenchmarkError
from stack.clients.topics import create_topics
from stack.services.embedded import Stack

_MODULE = "benchmarks.peers.bare_loop"
_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Ceiling:
    """Result of the bare loop: payments a second, and its own CPU for a payment in us."""

    payments: int
    tx_per_s: float
    cpu_us_per_payment: float


def measure_ceiling(stack: Stack, bundle: Path, payments: int, warm_up: int) -> Ceiling:
    """Let the bare loop decide what waits in the topics, `warm_up` payments before it counts."""
    create_topics(stack.kafka, OUTPUT_TOPICS)
    counts = ["--payments", str(payments), "--warm-up", str(warm_up)]
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            _MODULE,
            "--bootstrap",
            stack.kafka,
            "--bundle",
            str(bundle),
            *counts,
        ],
        cwd=stack.install.root,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
    )
    if told.returncode:
        lines = told.stderr.strip().splitlines() or ["it gave no reason"]
        raise BenchmarkError(f"The bare loop failed: {lines[-1]}")
    return msgspec.json.decode(told.stdout, type=Ceiling)
