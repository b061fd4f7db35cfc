"""The tables of `bench state` that need no stack, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks.state import backends
from cli.main import cardwatch


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cardwatch, ["bench", "state", *arguments])


def test_the_sizing_gives_each_figure_with_its_formula() -> None:
    told = json.loads(call("--sizing", "--json", "-", "-q").stdout)
    assert set(told["needs"]) == {"1000", "10000", "100000"}
    assert all(need["formula"] for need in told["needs"]["10000"])
    table = call("--sizing").stdout
    for need in told["needs"]["1000"]:
        assert need["name"] in table


def test_two_tables_at_once_are_a_wrong_call() -> None:
    told = call("--history", "--sizing")
    assert told.exit_code == 2
    assert "give one" in told.output


def test_an_unknown_backend_is_a_wrong_call_that_names_the_known_ones() -> None:
    told = call("--backend", "heap,forst")
    assert told.exit_code == 2
    assert "'forst'" in told.output
    assert "heap or rocksdb or changelog" in told.output


def test_cards_without_memory_for_them_are_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "available_mb", lambda: 4_000)
    folder = tmp_path / "stack"
    told = call("--cards", "50000000", "--backend", "heap", "--folder", str(folder), "-q")
    assert told.exit_code == 1
    assert "4,000 MiB are free" in told.output
    assert not folder.exists()
