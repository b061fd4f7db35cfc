"""A fault that this machine cannot show is skipped, and a run of it proves nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from click.testing import CliRunner

from cli.proof import faults
from stack.settings import StackSettings
from verify.faults.catalogue import find_fault
from verify.faults.ground import UnfitError


def _no_ground(_: StackSettings) -> AbstractContextManager[StackSettings]:
    raise UnfitError("It takes a second moon.")


def test_it_is_told_and_not_counted_as_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    unfit = replace(find_fault("partition"), place=_no_ground)
    monkeypatch.setattr(faults, "find_fault", lambda _: unfit)
    told = CliRunner().invoke(faults.command, ["partition", "--folder", f"{tmp_path}/stack"])
    assert told.exit_code == 0, told.output
    assert "skipped. It takes a second moon." in told.output
    assert "yes" not in told.output
