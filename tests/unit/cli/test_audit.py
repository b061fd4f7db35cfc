"""`cardwatch audit` as its user sees it; the fault `broker-outage` has it on a real loss."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli.proof.audit
from events.topics import REBUILD_MS
from stack.services.embedded import Stack
from stack.settings import Layout, Ports, StackSettings, save
from stack.submission.unread import Gap
from stack.submission.unread_record import record_gaps
from verify.audit import Audit


def told(monkeypatch: pytest.MonkeyPatch, folder: Path, found: Audit, *arguments: str) -> Result:
    """Call the command for a stack whose topics compare as told."""
    save(StackSettings(folder), Ports(1, 2, 3, 4, 5))
    assert Stack.attach(folder).kafka == "127.0.0.1:1"
    monkeypatch.setattr(cli.proof.audit, "require_topics", lambda _kafka, *_topics: None)
    monkeypatch.setattr(cli.proof.audit, "audit", lambda _kafka, _patience, _unreadable: found)
    return CliRunner().invoke(cli.proof.audit.command, ["--folder", str(folder), *arguments])


def test_complete_topics_end_with_zero(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Repeats under the same id, as an old savepoint makes them, are counted and no error."""
    result = told(monkeypatch, tmp_path, Audit(1_200, [], ["t9"]))
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines()]
    assert ["payments", "with", "a", "decision", "1,200"] in rows
    assert ["payments", "decided", "more", "than", "once", "1"] in rows


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
        "payments": 1_200, "lost": lost, "doubled": [], "held_back": {}, "records": 0,
        "repeats": 0, "refused": 0, "reused": [], "unreadable": {}, "unread_deleted": [],
    }  # fmt: skip


def test_payments_that_were_deleted_unread_end_with_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What submit found is named again, for as long as the topics keep what was decided then."""
    now_ms = time.time_ns() // 1_000_000
    gap, old = Gap("transactions", 3, 100, 102, "deleted"), Gap("labels", 1, 5, 5, "deleted")
    record_gaps(Layout(tmp_path), [gap], tmp_path / "chk-7", now_ms)
    record_gaps(Layout(tmp_path), [old], tmp_path / "chk-1", now_ms - REBUILD_MS - 1000)
    result = told(monkeypatch, tmp_path, Audit(1_200, [], []))
    assert result.exit_code == 1
    assert str(gap) in " ".join(result.output.split("error: ")[-1].split())
    assert "labels" not in result.output


def test_a_payment_lost_under_the_id_of_another_is_named_as_such(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = Audit(2, ["order-7", "t1"], [], reused=["order-7", "order-8"])
    result = told(monkeypatch, tmp_path, found)
    assert result.exit_code == 1
    assert "1 of these ids are of several different payments" in result.output
    assert "order-8" not in result.output


def test_what_the_job_wrote_and_nobody_can_read_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = told(monkeypatch, tmp_path, Audit(2, [], [], unreadable={"decisions": 3}))
    assert result.exit_code == 1
    assert "3 in decisions" in result.output


def test_what_an_open_transaction_hides_is_not_called_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = Audit(1_200, ["t1"], [], {"decisions-1": 987, "label-receipts-0": 4})
    result = told(monkeypatch, tmp_path, found)
    assert result.exit_code == 1
    assert "--topic decisions --partition 1 --start-offset 987" in result.output
    assert "label-receipts-0" in result.output
    assert "1 payments have no decision" not in result.output
