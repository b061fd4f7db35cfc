"""`cardwatch evaluate` and `tune` as a user calls them: figures and a page, or one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from cli.model import evaluate, evaluation_data, tune
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings

MAP = (
    "--map=transaction_id=id", "--map=card_id=card", "--map=timestamp=at", "--map=amount=sum",
    "--map=merchant_id=shop", "--map=is_fraud=bad", "--constant=currency=EUR",
    "--timestamp-unit=ms", "--label-delay=2d", "--jobs=1",
)  # fmt: skip
MODELS = ["baseline", "ensemble", "random_forest", "xgboost"]


@pytest.fixture(autouse=True)
def _folders_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings and pages of a test go where the test may write."""
    for module, name in ((evaluation_data, "TUNED"), (evaluate, "REPORTS")):
        monkeypatch.setattr(module, name, tmp_path / name.lower())


@pytest.fixture(autouse=True, scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache for the tests of this module: later ones find the features of earlier ones."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation_data, "CACHE", folder)
        yield


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """A simulation as a bank might hold it."""
    settings = GeneratorSettings(customers=150, terminals=100, radius=20, days=14, seed=3)
    table = pa.Table.from_batches(generate(settings))
    names = {"id": "transaction_id", "card": "card_id", "at": "timestamp_ms", "shop": "merchant_id"}
    columns = {own: table[name] for own, name in names.items()}
    columns["sum"] = pa.array([amount / 100 for amount in table["amount_minor"].to_pylist()])
    columns["bad"] = table["is_fraud"].cast(pa.int8())
    return pa.table(columns)


def write(table: pa.Table, path: Path) -> Path:
    pyarrow.parquet.write_table(table, path)
    return path


def run(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])  # type: ignore[arg-type]  # a click command


def test_an_own_file_is_judged_in_parts(rows: pa.Table, tmp_path: Path) -> None:
    path, page = write(rows, tmp_path / "own.parquet"), tmp_path / "page.html"
    result = run(
        evaluate.command, "file", path, *MAP, "--folds", 2, "--test-share", 0.4,
        "--resamples", 20, "--json", "-", "--html", page,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert list(told["models"]) == MODELS and len(told["folds"]) == 2
    for figures in told["models"].values():
        for name in ("auc_roc", "average_precision", "card_precision_at_100"):
            assert 0 <= figures[name]["mean"] <= 1 and figures[name]["std"] >= 0
            assert len(figures[name]["folds"]) == 2
            assert figures[name]["ci95"][0] <= figures[name]["ci95"][1]
    assert told["settings_found"] is None and told["peak_memory_mb"] > 0
    assert "ensemble" in page.read_text()


def test_weights_are_chosen_anew_by_the_figure_that_is_named(
    rows: pa.Table, tmp_path: Path
) -> None:
    path = write(rows, tmp_path / "own.parquet")
    result = run(
        evaluate.command, "file", path, *MAP, "--resamples", 20, "--weights-by", "brier",
        "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert "best on the last fifth by brier" in told["models"]["ensemble"]["description"]
    against = told["against_best"]
    assert against["figure"] == "brier" and against["member"] in ("random_forest", "xgboost")
    figures = {name: told["models"][name]["brier"]["mean"] for name in MODELS}
    assert against["difference"]["value"] == pytest.approx(
        figures[against["member"]] - figures["ensemble"]
    )
    assert "x random_forest" in result.stderr and "by brier" in result.stderr


def test_figures_are_shown_beside_each_other(rows: pa.Table, tmp_path: Path) -> None:
    path = write(rows, tmp_path / "own.parquet")
    result = run(evaluate.command, "file", path, *MAP, "--resamples", 20, "--features", "handbook")
    assert result.exit_code == 0, result.output
    for text in (
        *MODELS,
        "average precision",
        "Brier",
        "95 % interval",
        "[0.",
        "The ensemble less",
    ):
        assert text in result.stdout
    assert "15 Handbook features" in result.stderr and "evaluate-own.html" in result.stderr
    assert (tmp_path / "reports" / "evaluate-own.html").exists()


def test_what_tune_finds_is_what_evaluate_uses(rows: pa.Table, tmp_path: Path) -> None:
    path = write(rows, tmp_path / "own.parquet")
    searched = run(
        tune.command, "file", path, *MAP, "--trials", 1, "--seed", 3, "--features", "handbook"
    )
    assert searched.exit_code == 0, searched.output
    assert "Spent 1 trials" in searched.stderr
    written = json.loads((tmp_path / "tuned" / "own.json").read_text())
    assert written["found"]["command"].startswith("./cardwatch tune file own.parquet")
    assert "--label-delay 172800000ms" in written["found"]["command"]
    assert written["found"]["seed"] == 3 and str(tmp_path) not in json.dumps(written)
    judged = run(
        evaluate.command, "file", path, *MAP, "--resamples", 20, "--features", "handbook",
        "--json", "-",
    )  # fmt: skip
    assert json.loads(judged.stdout)["settings_found"] == written["found"]


def refusal(*arguments: object) -> str:
    result = run(evaluate.command, "file", *arguments, "--resamples", 20)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    sentence = result.stderr.strip().split("Error: ")[1]
    assert len(sentence.splitlines()) == 1
    return sentence


def test_bad_files_get_one_sentence(rows: pa.Table, tmp_path: Path) -> None:
    place = rows.column_names.index("bad")
    good = rows.set_column(place, "bad", pa.array([0] * rows.num_rows, pa.int8()))
    assert "good payments" in refusal(write(good, tmp_path / "good.parquet"), *MAP)
    unlabelled = [option for option in MAP if "is_fraud" not in option]
    assert "is_fraud column" in refusal(write(rows, tmp_path / "own.parquet"), *unlabelled)
    backwards = rows.take(pa.array(range(rows.num_rows - 1, -1, -1)))
    assert "--sort" in refusal(write(backwards, tmp_path / "backwards.parquet"), *MAP)
    shopless = write(rows.drop_columns(["shop"]), tmp_path / "shopless.parquet")
    assert "shop" in refusal(shopless, *MAP)
    frauds = rows["bad"].to_pylist()
    few = rows.set_column(
        place, "bad", pa.array([int(row in (9, rows.num_rows - 9)) for row in range(len(frauds))])
    )
    sentence = refusal(write(few, tmp_path / "few.parquet"), *MAP, "--folds", 3)
    assert "1 frauds and 3 folds" in sentence
    sentence = refusal(tmp_path / "own.parquet", *MAP, "--label-delay", "30d")
    assert "shorter --label-delay" in sentence


def test_settings_of_another_kind_get_one_sentence(rows: pa.Table, tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"settings": {"depth": 3}, "found": {}}')
    path = write(rows, tmp_path / "own.parquet")
    assert "got 'depth'; remove the key" in refusal(path, *MAP, "--settings", settings)


@pytest.mark.parametrize("name", ["handbook", "sparkov"])
def test_data_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    for module in (evaluate, tune):
        result = run(module.command, name, "--data", tmp_path / "absent.parquet")
        assert result.exit_code == 1 and "--data PATH" in result.stderr
