"""The ordinary client submits the job too, and the cluster counts what it does."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from cli.stack.submit import JOB, ROOT
from events.topics import DECISIONS
from stack.clients.reading import read_topic
from stack.services.embedded import Stack
from stack.settings import StackSettings
from tests.running import shipped_bundle
from tests.traffic import send_days, simulation
from tests.waiting import wait_for


def _flink_run(stack: Stack) -> str:
    """Submit as a person would, with what `./cardwatch status -v` prints."""
    install = stack.install
    environment = {**os.environ, **stack.status().flink_environment}
    environment["PATH"] = f"{install.python.parent}:{environment['PATH']}"
    arguments = ["--bootstrap", stack.kafka, "--bundle", str(shipped_bundle().path)]
    told = subprocess.run(
        [str(install.flink / "bin" / "flink"), "run", "-d", "-py", str(JOB), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    found = re.search(r"JobID ([0-9a-f]{32})", told.stdout)
    assert found, told.stdout + told.stderr
    return found[1]


@pytest.mark.timeout(300)
def test_flink_run_submits_the_job(tmp_path: Path) -> None:
    """Every payment is decided, and the counters of docs/operations.md say so."""
    stack = Stack(StackSettings(tmp_path / "stack"))
    stack.up()
    try:
        job_id = _flink_run(stack)
        stack.flink.wait_until_running(job_id)
        first, second = (each["name"] for each in stack.flink.job(job_id)["vertices"])
        assert "payments-and-labels" in first and "card stage" in first, "chained: ADR 0020"
        assert second.startswith("merchant stage")
        sent = send_days(stack.kafka, simulation(days=3), 0, 3)
        wait_for(
            lambda: len(read_topic(stack.kafka, DECISIONS.name)) == sent, 120, f"{sent} decisions"
        )
        # The REST API's metrics are a second or two old.
        wait_for(lambda: _decisions_counted(stack, job_id) == sent, 20, f"{sent} counted")
    finally:
        stack.down(delete_data=True)


def _decisions_counted(stack: Stack, job_id: str) -> float:
    """Return the sum of the counters of all risk levels."""
    flink = stack.flink
    (vertex,) = (
        each["id"]
        for each in flink.job(job_id)["vertices"]
        if each["name"].startswith("merchant stage")
    )
    pattern = re.compile(r"cardwatch\.decisions\.(LOW|MEDIUM|HIGH)$")
    names = [name for name in flink.metric_names(job_id, vertex) if pattern.search(name)]
    return sum(flink.metrics(job_id, vertex, names).values()) if names else 0
