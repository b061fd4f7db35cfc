"""`cardwatch faults` as its user sees it; tests/faults has it on a real cluster."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli.proof.faults
import cli.recording
from stack.installation import ROOT
from tests.checkout import checkout
from verify.faults.catalogue import FAULTS
from verify.faults.fault import Fault
from verify.faults.judge import Verdict
from verify.faults.record import CONTROL, bound, rows
from verify.faults.results import FaultResult, RunResult
from verify.faults.run import FaultSettings

RIGHT = Verdict(
    payments=6_000,
    labels=9,
    refused=0,
    repeats_sent=0,
    lost=0,
    duplicated=0,
    unknown=0,
    out_of_order=0,
    apart_in_topic=0,
    features_differing=0,
    scores_differing=0,
    labels_lost=0,
    labels_duplicated=0,
    letters_lost=0,
    letters_duplicated=0,
    letters_differing=0,
    alerts_lost=0,
    alerts_duplicated=0,
    problems=(),
)
WRONG = replace(RIGHT, duplicated=12, problems=("12 duplicated",))
PAGE = "# Faults\n\n<!-- figures: faults -->\n<!-- end of figures -->\n\nThe end.\n"


def run_of(seed: int, verdict: Verdict, **changes: object) -> RunResult:
    made = RunResult(seed, "4.2 s", {"victim": "broker"}, verdict, 5.0 + seed, (), "", "2026-01-02")
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Return a function that calls the command, with verdicts in place of real runs."""
    checkout(tmp_path, {"README.md": "# Cardwatch\n", "docs/faults.md": PAGE})
    monkeypatch.setattr(cli.recording, "ROOT", tmp_path)

    def call(verdict: Verdict, *arguments: str, **changes: object) -> Result:
        def run_fault(
            fault: Fault, settings: FaultSettings, _: object, on_run: Callable[[RunResult], None]
        ) -> FaultResult:
            result = FaultResult(fault.name, settings.control)
            result.runs = [run_of(seed, verdict, **changes) for seed in settings.seeds]
            for run in result.runs:
                on_run(run)
            return result

        monkeypatch.setattr(cli.proof.faults, "run_fault", run_fault)
        return CliRunner().invoke(cli.proof.faults.command, arguments)

    return call


def test_what_held_ends_with_zero_a_line_for_each_run_and_a_table(
    told: Callable[..., Result],
) -> None:
    result = told(RIGHT, "kill-broker", "--seeds", "2")
    assert result.exit_code == 0, result.output
    assert "kill-broker, seed 1: 6,000 payments, 0 lost, 0 doubled" in result.output
    assert "committed again after 6.0 s (victim broker)" in result.output
    assert "78%" in result.output


def test_what_did_not_hold_ends_with_one_and_says_why(told: Callable[..., Result]) -> None:
    result = told(WRONG, "kill-broker", "--seeds", "1")
    assert result.exit_code == 1
    assert "WRONG: 12 duplicated" in result.output
    assert "Did not hold: kill-broker." in result.output


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"held_back": ("decisions-3",)}, "open transactions on decisions-3"),
        ({"recovery_s": None}, "no committed output after the fault"),
        ({"verdict": None, "error": "The broker is gone."}, "The broker is gone."),
    ],
)
def test_a_run_fails_of_more_than_its_decisions(changes: dict[str, object], why: str) -> None:
    made = replace(run_of(0, RIGHT), **changes)  # type: ignore[arg-type]
    assert made.problems == (why,)
    result = FaultResult("kill-broker", control=False, runs=[made])
    assert not result.held


def test_a_control_holds_where_the_judge_found_something(told: Callable[..., Result]) -> None:
    assert told(WRONG, "kill-taskmanager", "--control").exit_code == 0
    result = told(RIGHT, "kill-taskmanager", "--control")
    assert result.exit_code == 1
    assert "found nothing wrong in the control of kill-taskmanager" in result.output


def test_json_has_each_fault(told: Callable[..., Result]) -> None:
    result = told(WRONG, "kill-broker", "stop-broker", "--seeds", "2", "--json", "-", "-q")
    written = json.loads(result.stdout)["faults"]
    assert list(written) == ["kill-broker", "stop-broker"]
    one = written["kill-broker"]
    assert (one["runs"], one["lost"], one["duplicated"], one["scores_differing"]) == (2, 0, 24, 0)
    assert one["recovery_s"] == [5.0, 6.0]
    assert (one["recovery_median_s"], one["recovery_max_s"]) == (5.5, 6.0)
    assert one["each"][1]["moment"] == "4.2 s"


def test_the_record_grows_by_seeds_and_makes_the_table(
    told: Callable[..., Result], tmp_path: Path
) -> None:
    """Runs made one after the other count together; a seed made again replaces its first run."""
    told(RIGHT, "kill-broker", "--seeds", "2", "--record")
    told(RIGHT, "kill-broker", "--seeds", "2", "--first-seed", "1", "--record")
    told(WRONG, "kill-taskmanager", "--control", "--record")
    known = json.loads((tmp_path / "docs" / "faults.json").read_text())
    assert list(known["kill-broker"]) == ["0", "1", "2"]
    page = (tmp_path / "docs" / "faults.md").read_text()
    assert page.startswith("# Faults\n") and page.endswith("The end.\n")
    assert (
        "| kill-broker | 3 | 18,000 | 0 | 0 | 0 | 0, 0 | 0 | 6.0, 7.0 | 63% | 2026-01-02 |" in page
    )
    assert f"| kill-taskmanager{CONTROL} | 1 | 6,000 | 0 | 12 |" in page


def test_the_table_follows_the_catalogue_and_tells_repeats_that_were_foretold() -> None:
    run = {**run_of(0, RIGHT).to_json(), "machine": "m", "duplicated": 4_725}
    failed = {**run, "problems": ["4725 duplicated"]}
    names = ["old-savepoint", "kill-broker" + CONTROL, "kill-broker"]
    made = rows({name: {"0": run} for name in names})
    assert [row[0] for row in made] == ["kill-broker", "old-savepoint", f"kill-broker{CONTROL}"]
    assert [row[4] for row in made] == ["4,725", "4,725, as foretold", "4,725"]
    assert rows({"old-savepoint": {"0": failed}})[0][4] == "4,725"


def test_an_unknown_fault_is_a_wrong_call_that_names_them_all() -> None:
    result = CliRunner().invoke(cli.proof.faults.command, ["kill-everything"])
    assert result.exit_code == 2
    assert "choose one of kill-taskmanager, kill-broker" in result.output


def test_the_list_names_every_fault_with_a_sentence() -> None:
    result = CliRunner().invoke(cli.proof.faults.command, ["--list"])
    assert result.exit_code == 0
    for fault in FAULTS:
        assert fault.name in result.output
        assert fault.about.endswith(".")


def test_the_bound_is_the_rule_of_three() -> None:
    """Twenty runs without a failure exclude a rate of 14 %, three hundred one of 1 %."""
    assert bound(20) == pytest.approx(0.139, abs=0.001)
    assert bound(300) == pytest.approx(0.01, abs=0.0001)


def test_the_published_runs_name_no_path_of_a_machine() -> None:
    told = (ROOT / "docs" / "faults.json").read_text()
    assert "kill-taskmanager" in told
    assert not re.findall(r"(?<![\w.])/(?:\w|\.)+/", told)
