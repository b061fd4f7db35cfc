"""`cardwatch parity` as its user sees it; tests/flink has it on a real cluster."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result

import cli.proof.parity
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from harness.errors import BenchmarkError
from producer.stream.disorder import Disordered
from tests.unit.scoring.scene import shipped, small_stream, without
from verify.parity.compare import Stream, compare
from verify.parity.run import ParityResults, ParitySettings, traffic

SENT = Disordered([], payments=60, labels=1, late=2, repeats=3, late_labels=4, corrections=5)


def told(monkeypatch: pytest.MonkeyPatch, stream: Stream, *arguments: str) -> Result:
    """Call the command, whose stream is given in place of a cluster's."""
    results = ParityResults("ensemble/1", SENT, compare(stream, shipped()))
    monkeypatch.setattr(cli.proof.parity, "run", lambda *_: results)
    return CliRunner().invoke(cli.proof.parity.command, [*arguments, "-q"])


def one_score_moved() -> Stream:
    stream = small_stream()
    decisions = list(stream.decisions)
    moved = float(np.nextafter(np.float32(decisions[8].probability), np.float32(1)))
    decisions[8] = msgspec.structs.replace(decisions[8], probability=moved)
    return replace(stream, decisions=decisions)


def test_an_equal_stream_ends_with_zero_and_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, small_stream())
    assert result.exit_code == 0, result.output
    card, shop = len(CARD_FEATURES), len(FEATURE_NAMES) - len(CARD_FEATURES)
    for line in (
        rf"{card} payment and card features, by sequence +{60 * card:,} +0 +0 +0",
        rf"{shop} merchant features, by sequence +{60 * shop:,} +0 +0 +0",
        rf"{card} payment and card features, by topic order +{60 * card:,} +0 +0 +0",
        r"3 scores +180 +0 +0 +0",
        r"late, sent twice +2, 3",
    ):
        assert re.search(line, result.stdout), line
    assert "card_sum_7d" not in result.stdout
    assert "card_sum_7d" in told(monkeypatch, small_stream(), "-v").stdout


def test_one_bit_ends_with_one_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, one_score_moved())
    assert result.exit_code == 1
    assert "differ" in result.stderr
    assert "  ensemble" in result.stdout


def test_the_json_has_the_promised_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, one_score_moved(), "--json", "-")
    one = json.loads(result.stdout)
    assert (one["payments"], one["features_differing"], one["scores_differing"]) == (60, 0, 1)
    assert one["equal"] is False
    assert one["scores"]["ensemble"]["differing"] == 1
    assert 0 < one["scores"]["ensemble"]["largest"] < 1e-6
    assert one["features"]["amount"] == {
        "compared": 60, "differing": 0, "largest": 0.0, "one_missing": 0
    }  # fmt: skip


def test_a_lost_payment_ends_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = small_stream()
    result = told(monkeypatch, without(stream, stream.payments[7].transaction_id))
    assert result.exit_code == 1
    assert "1, 0, 0" in result.stdout and "card card-1" in result.stdout


@pytest.mark.parametrize("arguments", [["--layout", "handbook"], ["--payments", "0"]])
def test_a_wrong_call_ends_with_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli.proof.parity.command, arguments).exit_code == 2


def settings(payments: int, **changes: object) -> ParitySettings:
    return replace(ParitySettings(Path("-"), Path("-"), payments, seed=2), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("payments", [1, 300, 5_000])
def test_the_generator_has_as_many_payments_as_are_asked_for(payments: int) -> None:
    sent = traffic(settings(payments))
    assert sent.payments == payments
    assert len(sent.records) == payments + sent.repeats + sent.labels


def handbook_file(folder: Path, rows: int) -> Path:
    """Write payments of fifty customers, an hour apart."""
    first = datetime(2018, 4, 1, tzinfo=UTC)
    lines = ["TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD"]
    for row in range(rows):
        at = (first + timedelta(hours=row)).strftime("%Y-%m-%d %H:%M:%S")
        lines.append(f"{row},{at},{row * 7 % 50},{row % 3},{row % 90}.50,{int(row % 40 == 0)}")
    path = folder / "few.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_file_gives_few_cards_over_weeks_so_that_labels_come(tmp_path: Path) -> None:
    sent = traffic(settings(150, data=handbook_file(tmp_path, 900), layout="handbook"))
    payments = [record for record in sent.records if not record.is_label]
    assert sent.payments == 150
    assert len({record.key for record in payments}) < 20
    assert sent.labels > 75


def test_a_file_with_too_few_payments_is_refused(tmp_path: Path) -> None:
    path = handbook_file(tmp_path, 2)
    with pytest.raises(BenchmarkError, match=r"few\.csv: expected 10 payments, got 2"):
        traffic(settings(10, data=path, layout="handbook"))
