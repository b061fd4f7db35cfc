"""`cardwatch train` as a user calls it: a bundle and its figures, or one sentence."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from cli.model.train import command
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from scoring.loader import load_bundle

SIZE = ("--customers", "150", "--terminals", "100", "--days", "12", "--label-delay", "2d")
SMALL = {"forest_trees": 8, "boosted_trees": 8}
QUICK = (
    "--medium",
    "share:0.2",
    "--jobs",
    "1",
    "--label-delay",
    "2d",
)
MAP = (
    "--map=transaction_id=id", "--map=card_id=card", "--map=timestamp=at", "--map=amount=sum",
    "--map=merchant_id=shop", "--map=is_fraud=bad", "--map=attributes.V1=v1",
    "--constant=currency=EUR", "--timestamp-unit=ms",
)  # fmt: skip


def run(*arguments: object, **settings: object) -> Result:
    """Train with few trees; the settings come from standard input."""
    call = [str(argument) for argument in arguments]
    text = json.dumps({"settings": {**SMALL, **settings}})
    return CliRunner().invoke(command, ["--settings", "-", *call], input=text)


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """A simulation as a bank might hold it: its own column names, one number more."""
    settings = GeneratorSettings(customers=150, terminals=100, radius=20, days=12, seed=3)
    table = pa.Table.from_batches(generate(settings))
    names = {"id": "transaction_id", "card": "card_id", "at": "timestamp_ms", "shop": "merchant_id"}
    columns = {own: table[name] for own, name in names.items()}
    columns["sum"] = pa.array([amount / 100 for amount in table["amount_minor"].to_pylist()])
    columns["bad"] = table["is_fraud"].cast(pa.int8())
    columns["v1"] = pa.array(float(row % 7) for row in range(table.num_rows))
    return pa.table(columns)


@pytest.fixture(scope="module")
def history(rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "own.parquet"
    pyarrow.parquet.write_table(rows, path)
    return path


def test_a_simulation_becomes_a_bundle_and_repeats(tmp_path: Path) -> None:
    for name in ("one", "two"):
        result = run("--generate", *SIZE, *QUICK, "--seed", 3, "--out", tmp_path / name, "-q")
        assert result.exit_code == 0, result.output
    one, two = (tmp_path / name / "ensemble" / "1" for name in ("one", "two"))
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_the_manifest_holds_the_command_that_repeats_it(tmp_path: Path) -> None:
    run("--generate", *SIZE, *QUICK, "--seed", "3", "--no-refit", "--out", tmp_path)
    manifest = load_bundle(tmp_path / "ensemble" / "1").manifest
    told = manifest.reproduction.command
    assert told.startswith("./cardwatch train ") and "--generate" in told
    assert "--customers 150" in told and "--seed 3" in told and "--no-refit" in told
    assert str(tmp_path) not in told
    assert manifest.training.source.startswith("generator: 150 customers, 100 terminals, radius")


def test_without_a_source_it_learns_from_a_world(tmp_path: Path) -> None:
    result = run(
        "--users", 150, "--merchants", 100, "--payments", 3_000, "--days", 30, *QUICK,
        "--attacks", "card_testing,bust_out:2", "--fraud-share", 0.05,
        "--out", tmp_path, "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["payments"], told["frauds"]) == (3_000, 150)
    manifest = load_bundle(told["path"]).manifest
    assert "--attacks card_testing,bust_out:2" in manifest.reproduction.command
    assert manifest.training.source.startswith("world: 150 users, 100 merchants, 3000 payments")


def test_an_own_file_is_mapped_and_its_attributes_are_features(
    history: Path, tmp_path: Path
) -> None:
    result = run(
        "--data", history, *MAP, *QUICK, "--out", tmp_path, "--name", "mine", "--json", "-"
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["model"] == "mine/1" and told["frauds"] > 10
    assert 0 < told["metrics"]["ensemble"]["average_precision"] <= 1
    assert told["replay_payments_per_s"] > 0
    bundle = load_bundle(told["path"])
    assert bundle.attributes == ("V1",)
    assert bundle.manifest.training.source == "own.parquet"
    assert not any("city" in name for name in bundle.manifest.feature_names)


def test_figures_are_shown_as_a_table(history: Path, tmp_path: Path) -> None:
    result = run("--data", history, *MAP, *QUICK, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    for text in ("average_precision", "random_forest", "MEDIUM", "HIGH", "share:0.003", "saved a"):
        assert text in result.stdout
    assert "before any cost; in major units of the reference currency" in result.stderr
    for step in ("read own.parquet", "replay", "fit random_forest", "largest difference"):
        assert step in result.stderr


def test_models_are_an_option_and_the_rest_is_in_the_settings_file(
    history: Path, tmp_path: Path
) -> None:
    result = run(
        "--data", history, *MAP, *QUICK, "--out", tmp_path,
        "--models", "random_forest,lightgbm, logistic",
        combine="auto", calibration="sigmoid", max_features=12,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Combined by" in result.stderr and "Calibrated by sigmoid" in result.stderr
    manifest = load_bundle(tmp_path / "ensemble" / "1").manifest
    assert [one.name for one in manifest.members] == ["random_forest", "lightgbm", "logistic"]
    made = manifest.reproduction
    assert "--models random_forest,lightgbm,logistic" in made.command and made.settings is not None
    assert made.settings["calibration"] == "sigmoid" and made.settings["forest_trees"] == 8
    assert len(manifest.features) == 12


def test_a_history_without_labels_gives_an_isolation_forest(rows: pa.Table, tmp_path: Path) -> None:
    path = write(rows.drop_columns(["bad"]), tmp_path / "unlabelled.csv")
    unlabelled = [option for option in MAP if "is_fraud" not in option]
    result = run(
        "--data", path, *unlabelled, "--label-delay", "2d", "--out", tmp_path / "registry",
        "--models", "isolation_forest", "--medium", "share:0.02",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "alerts a day" in result.stdout and "average_precision" not in result.stdout


def test_until_cuts_the_history_and_late_labels_can_be_unknown(
    history: Path, rows: pa.Table, tmp_path: Path
) -> None:
    result = run(
        "--data", history, *MAP, *QUICK, "--out", tmp_path, "--json", "-", "--only-known-labels",
        "--until", "2018-04-12", "--medium", "share:0.05",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["payments"] < rows.num_rows
    assert told["payments_labelled"] < 0.9 * told["payments"]
    assert told["training"]["test"]["last_ms"] <= 1_523_491_200_000 - 2 * 86_400_000


# MLflow's own tables use a loader of SQLAlchemy that SQLAlchemy 2.1 is about to drop.
@pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
def test_a_bundle_is_recorded_in_mlflow_where_that_is_asked_for(tmp_path: Path) -> None:
    call = ("--generate", *SIZE, *QUICK, "--out", tmp_path / "registry", "--json", "-")
    result = run(*call, "--mlflow", tmp_path / "store")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["mlflow"]["version"] == 1 and told["mlflow"]["model"] == "ensemble"
    assert (tmp_path / "store" / "mlflow.db").is_file()
    assert "mlflow" not in load_bundle(told["path"]).manifest.reproduction.command


def test_a_silent_mlflow_server_ends_the_run_before_any_work(tmp_path: Path) -> None:
    call = ("--generate", *SIZE, *QUICK, "--out", tmp_path, "--mlflow", "http://127.0.0.1:1")
    result = run(*call)
    assert result.exit_code == 1 and "No MLflow server answers at 127.0.0.1:1" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_goals_and_costs_reach_the_manifest(history: Path, tmp_path: Path) -> None:
    result = run(
        "--data", history, *MAP, *QUICK, "--out", tmp_path, "--medium", "budget:9",
        "--high", "share:0.003", "--review-cost", "2.5", "--missed-share", "0.5", "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["thresholds"]
    assert told["goals"] == {"MEDIUM": "budget:9", "HIGH": "share:0.003"}
    assert told["costs"] == {"review": 2.5, "block": 0.0, "missed_share": 0.5}
    alerts = told["expected"]["MEDIUM"]["alerts_a_day"]
    assert alerts["low"] < alerts["value"] <= 9 < alerts["high"]
    recipe = load_bundle(tmp_path / "ensemble" / "1").manifest.reproduction.command
    assert "--medium budget:9" in recipe and "--review-cost 2.5" in recipe


def refusal(*arguments: object) -> str:
    result = run(*arguments, *QUICK)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert len(result.stderr.strip().split("Error: ")[1].splitlines()) == 1
    return result.stderr


def write(table: pa.Table, path: Path) -> Path:
    pyarrow.csv.write_csv(table, path)
    return path


def test_bad_histories_get_one_sentence(rows: pa.Table, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "registry")
    good = pa.array([0] * rows.num_rows)
    bad = rows.set_column(rows.column_names.index("bad"), "bad", good)
    path = write(bad, tmp_path / "good.csv")
    assert "good payments" in refusal("--data", path, *MAP, *out)
    unlabelled = [option for option in MAP if "is_fraud" not in option]
    assert "is_fraud column" in refusal("--data", path, *unlabelled, *out)
    backwards = rows.take(pa.array(range(rows.num_rows - 1, -1, -1)))
    path = write(backwards, tmp_path / "backwards.csv")
    assert "--sort" in refusal("--data", path, *MAP, *out)
    path = write(rows.slice(0, 200), tmp_path / "short.csv")
    assert "longer history" in refusal("--data", path, *MAP, *out)
    path = write(rows.drop_columns(["shop"]), tmp_path / "shopless.csv")
    assert "shop" in refusal("--data", path, *MAP, *out)
    assert not (tmp_path / "registry").exists()


def test_a_bad_row_is_refused_or_left_out(rows: pa.Table, tmp_path: Path) -> None:
    negative = rows["sum"].to_pylist()
    negative[5] = -1.0
    table = rows.set_column(rows.column_names.index("sum"), "sum", pa.array(negative))
    path = write(table, tmp_path / "negative.csv")
    assert "row 6" in refusal("--data", path, *MAP, "--out", tmp_path)
    goal = ("--medium", "share:0.05")
    result = run("--data", path, *MAP, *QUICK, *goal, "--out", tmp_path, "--skip-bad-rows")
    assert result.exit_code == 0, result.stderr
    assert "1 refused" in result.stderr


def test_a_file_in_disorder_can_be_sorted(rows: pa.Table, tmp_path: Path) -> None:
    backwards = rows.take(pa.array(range(rows.num_rows - 1, -1, -1)))
    path = write(backwards, tmp_path / "backwards.csv")
    goal = ("--medium", "share:0.05")
    result = run("--data", path, *MAP, *QUICK, *goal, "--out", tmp_path, "--sort")
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--generate", "--data", __file__),
        ("--users", "3"),
        ("--attacks", "robbery:1"),
        ("--generate", "--medium", "many"),
        ("--generate", "--medium", "cost", "--review-cost", "5"),
        ("--generate", "--name", "../x"),
        ("--generate", "--models", "oracle"),
        ("--generate", "--models", "xgboost,xgboost"),
        ("--generate", "--customers", "1"),
    ],
)
def test_a_wrong_call_ends_with_two(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_version_that_exists_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "ensemble" / "4").mkdir(parents=True)
    result = run("--generate", "--out", tmp_path, "--version", "4")
    assert result.exit_code == 1 and "never overwritten" in result.stderr


def test_settings_are_written_with_every_key_explained_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "my.json"
    result = run("--models", "xgboost", "--write-settings", path, forest_depth=3)
    assert result.exit_code == 0, result.output
    assert "Maximum depth of a tree in the random forest." in result.stdout
    assert f"./cardwatch train --settings {path}" in " ".join(result.stderr.split())
    told = json.loads(path.read_text())["settings"]
    assert (told["models"], told["forest_depth"], told["forest_trees"]) == (["xgboost"], 3, 8)
    again = CliRunner().invoke(command, ["--settings", str(path), "--write-settings", "-"])
    assert again.stdout == path.read_text()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["my.json"]


def test_an_option_goes_before_the_file(tmp_path: Path) -> None:
    result = run("--seed", 5, "--write-settings", "-", seed=3, models=["lightgbm"])
    told = json.loads(result.stdout)["settings"]
    assert told["seed"] == 5 and told["models"] == ["lightgbm"]


def test_a_settings_file_that_is_refused_ends_the_call(tmp_path: Path) -> None:
    result = run("--out", tmp_path, forest_tree=3)
    assert result.exit_code == 2 and "got 'forest_tree'; write `forest_trees`" in result.stderr


def test_an_option_that_moved_to_the_file_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("--forest-trees", 8)
    said = " ".join(result.stderr.split())
    assert result.exit_code == 2
    assert "There is no option --forest-trees any more: write `forest_trees` into a file" in said
    monkeypatch.setenv("CARDWATCH_TRAIN_BALANCE", "smote")
    result = CliRunner().invoke(command, [], auto_envvar_prefix="CARDWATCH_TRAIN")
    assert result.exit_code == 2 and "`balance`" in result.stderr
    assert "--forest-trees" not in run("--help").stdout


def test_the_usual_exporters_train_a_bundle_or_are_refused_with_the_way_out(
    history: Path, tmp_path: Path
) -> None:
    """Without medians skl2onnx sends missing values elsewhere, which the gate sees."""
    arguments = ("--data", history, *MAP, *QUICK, "--exporter", "onnxmltools", "--out", tmp_path)
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert "sends missing values to another side than scikit-learn" in refused.output
    assert "set `missing` to `median` in --settings FILE" in refused.output
    assert not list(tmp_path.iterdir())

    made = run(*arguments, "-q", "--json", "-", missing="median")
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["exporter"] == "onnxmltools"
    assert load_bundle(tmp_path / "ensemble" / "1").manifest.exporter == "onnxmltools"


def test_a_model_of_no_usual_exporter_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "no.csv").write_text("no payments")
    arguments = ("--data", tmp_path / "no.csv", "--exporter", "onnxmltools")
    refused = run(*arguments, "--models", "logistic,xgboost")
    assert refused.exit_code == 1
    assert "expected models out of random_forest, xgboost, lightgbm, got logistic" in (
        refused.output
    )
    assert "use --exporter cardwatch" in refused.output


TABLE = """{"reference": "EUR", "base": "EUR", "date": "2026-11-02", "source": "a test",
"rates": {"USD": "1.25"}}"""


def test_amounts_are_learnt_in_the_currency_that_is_asked_for(
    history: Path, tmp_path: Path
) -> None:
    (tmp_path / "rates.json").write_text(TABLE)
    given = ("--rates", tmp_path / "rates.json", "--reference-currency", "USD")
    result = run("--data", history, *MAP, *QUICK, *given, "--out", tmp_path, "--json", "-")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["reference_currency"], told["rates_date"]) == ("USD", "2026-11-02")
    bundle = load_bundle(tmp_path / "ensemble" / "1")
    assert bundle.rates.factors == {"USD": (1, 1), "EUR": (5, 4)}
    command = bundle.manifest.reproduction.command
    assert "--rates rates.json" in command and "--reference-currency USD" in command


def test_payments_without_a_rate_are_told_and_learnt_from_without_amounts(
    history: Path, tmp_path: Path
) -> None:
    other = [each.replace("EUR", "MAD") for each in MAP]
    result = run("--data", history, *other, *QUICK, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "no rate for payments in MAD 3,410, which are learnt from without" in result.stderr
    names = load_bundle(tmp_path / "ensemble" / "1").manifest.feature_names
    assert "amount" not in names and "card_count_24h" in names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rates", "no/such.xml"], "No rates in no/such.xml"),
        (["--reference-currency", "XOF"], "No rate of the reference currency"),
    ],
)
def test_rates_that_cannot_be_used_end_a_call_before_anything_is_read(
    arguments: list[str], message: str
) -> None:
    result = run("--data", __file__, *arguments)
    assert result.exit_code == 2 and message in result.stderr
