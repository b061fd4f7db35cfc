"""How `bench threads` tells who took the cores' time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks.thread_run import ThreadProfile, ThreadSettings
from benchmarks.threads import Use
from cli.bench import threads as bench_threads
from cli.main import cardwatch
from harness.errors import BenchmarkError
from harness.latency_run import RateLatency
from harness.machine import provenance
from stack.installation import Installation

_QUANTILES = {"p50": 4.25, "p99": 15.5, "p999": 20.0}


def use(broker_s: float, idle_s: float) -> Use:
    """Return ten seconds of two cores."""
    seconds = {
        ("broker", "request"): broker_s,
        ("broker", "cleaner"): 0.01,
        ("broker", "timer"): 0.03,
        ("jobmanager", "rest"): 0.02,
    }
    return Use(10.0, 2, idle_s, seconds, {("broker", "request"): 5_000})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ThreadSettings]:
    """Put a known profile in place of a measured one; return the settings of each call."""
    settings_of_calls: list[ThreadSettings] = []

    def profile_threads(settings: ThreadSettings, progress: object) -> ThreadProfile:
        settings_of_calls.append(settings)
        found = ThreadProfile(provenance(Installation()))
        with found.calibrations.around("backlog"):
            found.uses = {"backlog": use(4.0, 0.0), "500/s": use(2.0, 16.0)}
        found.latency["500/s"] = RateLatency(100, 0, _QUANTILES, _QUANTILES, 0.1)
        return found

    monkeypatch.setattr(bench_threads, "profile_threads", profile_threads)
    return settings_of_calls


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cardwatch, ["bench", "threads", *arguments])


def test_each_pace_is_a_column_and_small_threads_are_one_row(asked: list[ThreadSettings]) -> None:
    told = call("-q", "--rates", "500", "--seconds", "7")
    assert told.exit_code == 0, told.output
    assert (asked[0].rates, asked[0].seconds) == ((500,), 7)
    rows = [line.split() for line in told.stdout.splitlines()]
    assert ["process", "thread", "backlog", "500/s"] in rows
    assert ["broker", "request", "20.0%", "10.0%"] in rows
    assert ["broker", "all", "others", "0.2%", "0.2%"] in rows
    assert ["jobmanager", "all", "others", "0.1%", "0.1%"] in rows
    assert ["idle", "0.0%", "80.0%"] in rows
    assert ["500/s", "4.2", "15.5"] in rows


def test_the_json_has_every_thread(asked: list[ThreadSettings], tmp_path: Path) -> None:
    to = tmp_path / "threads.json"
    assert call("-q", "--json", str(to)).exit_code == 0
    told = json.loads(to.read_text())
    assert [one["thread"] for one in told["paces"]["500/s"]["threads"]] == [
        "request",
        "timer",
        "rest",
        "cleaner",
    ]
    assert told["paces"]["500/s"]["threads"][0]["turns_per_s"] == 500
    assert told["paces"]["500/s"]["idle_share"] == 0.8
    assert told["latency_runs"]["500/s"]["provisional_ms"]["p99"] == 15.5


def test_what_cannot_be_measured_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(settings: ThreadSettings, progress: object) -> ThreadProfile:
        raise BenchmarkError("this kernel does not count")

    monkeypatch.setattr(bench_threads, "profile_threads", refuse)
    told = call("-q")
    assert told.exit_code == 1
    assert "this kernel does not count" in told.output
