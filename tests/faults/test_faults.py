"""The short subset of the fault suite; `./cardwatch faults` runs all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.loader import find_bundle
from tests.running import MODELS
from verify.faults.catalogue import FAULTS, find_fault
from verify.faults.fault import Fault, Moment
from verify.faults.results import FaultResult
from verify.faults.run import FaultSettings, run_fault

IN_CI = [fault for fault in FAULTS if fault.in_ci]


def run(fault: Fault, folder: Path, seed: int, *, control: bool = False) -> FaultResult:
    settings = FaultSettings(folder, find_bundle(MODELS, "ensemble"), [seed], control=control)
    return run_fault(fault, settings, lambda _: None, lambda _: None)


@pytest.mark.parametrize(
    ("fault", "seed"),
    [pytest.param(each, 1 + 2 * place, id=each.name) for place, each in enumerate(IN_CI)],
)
def test_every_payment_is_decided_once(tmp_path: Path, fault: Fault, seed: int) -> None:
    """In mid-checkpoint, with the stages taking turns; every feature and score bit for bit."""
    assert fault.moment(seed) is Moment.MID_CHECKPOINT
    [result] = run(fault, tmp_path / "stack", seed).runs
    assert not result.problems
    assert result.verdict is not None
    assert result.verdict.payments >= 0.99 * fault.traffic.payments
    assert result.verdict.labels > 0


def test_the_judge_sees_what_exactly_once_prevents(tmp_path: Path) -> None:
    """The same kill, with the sink's transactions turned off, doubles decisions.

    No checkpoint completes before the kill, so that a slow machine doubles them as surely.
    """
    result = run(find_fault("kill-taskmanager"), tmp_path / "stack", 1, control=True)
    assert result.held
    [told] = result.runs
    assert told.error == ""
    assert isinstance(uncovered := told.notes["not checkpointed"], int)
    assert uncovered >= 100
    assert result.total("duplicated") > 0
