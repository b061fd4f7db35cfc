"""`cardwatch audit` as its user sees it; the fault `broker-outage` has it on a real loss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli.audit
from benchmarks.audit import Audit
from stack.embedded import Stack
from stack.settings import Ports, StackSettings, save


def told(monkeypatch: pytest.MonkeyPatch, folder: Path, found: Audit, *arguments: str) -> Result:
    """Call the command for a stack whose topics compare as told."""
    save(StackSettings(folder), Ports(1, 2, 3, 4, 5))
    assert Stack.attach(folder).kafka == "127.0.0.1:1"
    monkeypatch.setattr(cli.audit, "audit", lambda _kafka, _patience: found)
    return CliRunner().invoke(cli.audit.command, ["--folder", str(folder), *arguments])


def test_complete_topics_end_with_zero(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Repeats under the same id, as an old savepoint makes them, are counted and no error."""
    result = told(monkeypatch, tmp_path, Audit(1_200, [], ["t9"]))
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].split() == ["1,200", "0", "1"]


def test_a_loss_ends_with_one_and_names_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = [f"t{number}" for number in range(7)]
    result = told(monkeypatch, tmp_path, Audit(1_200, lost, []))
    assert result.exit_code == 1
    assert "7 payments have no decision: t0, t1, t2, t3, t4, ..." in result.output


def test_json_has_every_id(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lost = [f"t{number}" for number in range(7)]
    result = told(monkeypatch, tmp_path, Audit(1_200, lost, []), "--json", "-", "-q")
    assert json.loads(result.stdout) == {
        "payments": 1_200, "lost": lost, "doubled": [], "held_back": {},
    }  # fmt: skip


def test_what_an_open_transaction_hides_is_not_called_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = Audit(1_200, ["t1"], [], {"decisions-1": 987, "label-receipts-0": 4})
    result = told(monkeypatch, tmp_path, found)
    assert result.exit_code == 1
    assert "--topic decisions --partition 1 --start-offset 987" in result.output
    assert "label-receipts-0" in result.output
    assert "1 payments have no decision" not in result.output
