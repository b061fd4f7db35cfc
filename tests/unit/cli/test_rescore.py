"""`cardwatch rescore` as its user sees it; tests/flink/test_rescoring.py has a real cluster."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner

import cli.model.rescore
from cli.model.rescore import require_slot
from cli.model.rescore_summary import Change, read_rescored, summarise
from scoring.rescoring import Rescored
from tests.unit.stack.flink_api import flink_api


def scored(number: int, before: str, now: str, difference: float = 0.0) -> Rescored:
    """One decision of 0.5, and its probability and level with another bundle."""
    return Rescored(f"t{number}", "c1", 0, 0.5, 0.5 + difference, before, now, "old/1", "new/2")


def test_a_change_counts_once_and_as_an_alert_where_it_is_one() -> None:
    found = summarise(
        [
            scored(0, "LOW", "LOW", 0.01),
            scored(1, "LOW", "MEDIUM", -0.25),
            scored(2, "LOW", "HIGH", 0.125),
            scored(3, "HIGH", "LOW"),
            scored(4, "HIGH", "MEDIUM"),
            scored(5, "HIGH", "HIGH"),
            Rescored(problem="unreadable"),
            Rescored(problem="unreadable"),
        ]
    )
    assert (found.decisions, found.gained, found.lost) == (6, 2, 1)
    assert sorted(found.changes, key=lambda one: (one.before, one.now)) == [
        Change("HIGH", "LOW", 1),
        Change("HIGH", "MEDIUM", 1),
        Change("LOW", "HIGH", 1),
        Change("LOW", "MEDIUM", 1),
    ]
    assert (found.largest_difference, found.largest_at) == (0.25, "t1")
    assert (found.models_before, found.model) == (["old/1"], "new/2")
    assert found.problems == {"unreadable": 2}


def test_the_files_of_a_job_are_read_as_they_lie(tmp_path: Path) -> None:
    """Several files, and the nulls that Flink writes for absent fields."""
    one, other = scored(1, "LOW", "LOW"), Rescored(problem="no decision")
    (tmp_path / "part-b-1").write_bytes(msgspec.json.encode(other) + b"\n")
    (tmp_path / "part-a-0").write_bytes(2 * (msgspec.json.encode(one) + b"\n"))
    assert list(read_rescored(tmp_path)) == [one, one, other]


def test_no_free_slot_names_the_command_that_makes_room() -> None:
    overview = {"taskmanagers": 2, "slots-total": 2, "slots-available": 0}
    with (
        flink_api({"GET /overview": overview}) as flink,
        pytest.raises(click.ClickException, match=r"All 2 slots .*up --taskmanagers 3`"),
    ):
        require_slot(flink)
    with flink_api({"GET /overview": overview | {"slots-available": 1}}) as flink:
        require_slot(flink)


def refused(*arguments: str) -> str:
    told = CliRunner().invoke(cli.model.rescore.command, [*arguments])
    assert told.exit_code
    return " ".join(told.output.split())


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert "is not empty" in refused("--bundle", "ensemble", "--to", str(tmp_path))


def test_a_bundle_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path) -> None:
    told = refused("--bundle", "no-such", "--to", str(tmp_path / "out"))
    assert "No bundle 'no-such'" in told
    assert not (tmp_path / "out").exists()
