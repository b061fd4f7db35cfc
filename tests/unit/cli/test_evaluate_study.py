"""`evaluate --study` compares choices on payments before those that `evaluate` judges."""

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from cli.model import evaluate, evaluation_data
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings

DAY_MS = 86_400_000
SHARES = ("--test-share=0.3", "--label-delay=2d", "--jobs=1")


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Features of a test go where the test may write."""
    monkeypatch.setattr(evaluation_data, "CACHE", tmp_path / "cache")


@pytest.fixture(scope="module")
def simulation() -> pa.Table:
    """Twenty days in the columns of the stream's own files."""
    settings = GeneratorSettings(customers=150, terminals=100, radius=20, days=20, seed=3)
    return pa.Table.from_batches(generate(settings))


@pytest.fixture
def file(simulation: pa.Table, tmp_path: Path) -> Path:
    """The simulation as a bank might hold it."""
    names = {"id": "transaction_id", "card": "card_id", "at": "timestamp_ms", "shop": "merchant_id"}
    columns = {own: simulation[name] for own, name in names.items()}
    columns["sum"] = pc.divide(simulation["amount_minor"].cast(pa.float64()), 100)
    columns["bad"] = simulation["is_fraud"].cast(pa.int8())
    path = tmp_path / "own.parquet"
    pyarrow.parquet.write_table(pa.table(columns), path)
    return path


def study(kind: str, file: Path, *arguments: object) -> Result:
    mapping = (
        "transaction_id=id", "card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop",
        "is_fraud=bad",
    )  # fmt: skip
    words = ["file", file, "--constant=currency=EUR", "--timestamp-unit=ms", *SHARES]
    words += [f"--map={pair}" for pair in mapping]
    words += ["--study", kind, *arguments]
    return CliRunner().invoke(evaluate.command, [str(word) for word in words])


def test_a_study_ends_before_the_judged_days(file: Path, simulation: pa.Table) -> None:
    result = study("balance", file, "--json", "-", "--features", "handbook")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [row["label"] for row in told["rows"]] == ["none", "weights", "smote", "undersample"]
    assert all(row["features"] <= 15 for row in told["rows"])
    for row in told["rows"]:
        assert 0 <= row["metrics"]["average_precision"] <= 1
        assert row["trees"] > 0 and row["microseconds"] > 0 and row["fit_seconds"] > 0
    train, validation, test = (told["parts"][name] for name in ("train", "validation", "test"))
    assert train["last_ms"] + 2 * DAY_MS <= validation["first_ms"]
    assert validation["last_ms"] < test["first_ms"]
    times = simulation["timestamp_ms"].to_numpy()
    judged_from = times[-1] + 1 - round((times[-1] + 1 - times[0]) * 0.3)
    assert test["last_ms"] == times[times < judged_from].max()


def test_the_latest_payments_make_up_a_study(file: Path) -> None:
    result = study("balance", file, "--study-rows", 2_500, "--features", "handbook")
    assert result.exit_code == 0, result.output
    title, parts, *_ = result.stdout.splitlines()
    assert title == "own.parquet: balance"
    first = date.fromisoformat(parts.split("train ")[1][:10])
    assert first > GeneratorSettings().start.date()
    for text in ("AUC", "AP", "Brier", "us a row", "fit s", "undersample"):
        assert text in result.stdout


def test_a_study_has_no_page(file: Path, tmp_path: Path) -> None:
    result = study("models", file, "--html", tmp_path / "page.html")
    assert result.exit_code == 2 and "leave out --html" in result.stderr


def test_too_few_payments_for_a_study_say_what_to_raise(file: Path) -> None:
    result = study("size", file, "--study-rows", 1_000, "--label-delay", "5d")
    assert result.exit_code == 1 and "raise --study-rows" in result.stderr
    assert "latest 1,000 payments" in result.stderr
