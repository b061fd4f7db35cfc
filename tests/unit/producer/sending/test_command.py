import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cli.stream.produce import command
from tests.unit.producer.samples import GOOD_ROW, VISA, write_csv

SMALL = ("generate", "--customers", "200", "--terminals", "300", "--radius", "20", "--days", "3")
OWN = (
    "--map=card_id=card", "--map=timestamp=at", "--map=amount=sum", "--map=merchant_id=shop",
    "--constant=currency=EUR",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARDWATCH_FOLDER", str(tmp_path / "stack"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_a_simulation_goes_to_a_file_with_a_summary(tmp_path: Path) -> None:
    result = run(*SMALL, "--to-file", "p.parquet", "--with-scenario", "--json", "-", "-q")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    table = pq.read_table(tmp_path / "p.parquet")
    assert summary["payments"] == table.num_rows > 0
    assert summary["first_event_time"].startswith("2018-04-01T0")
    assert "fraud_scenario" in table.column_names


def test_a_world_goes_to_a_file_with_its_attacks(tmp_path: Path) -> None:
    small = ("--users", 50, "--merchants", 60, "--payments", 500, "--days", 9, "--fraud-share", 0.1)
    attacks = ("--attacks", "bust_out", "--first-day", "2025-03-01", "--with-scenario")
    result = run("world", *small, *attacks, "--to-file", "w.parquet", "--json", "-", "-q")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["first_event_time"].startswith("2025-03-01")
    table = pq.read_table(tmp_path / "w.parquet")
    assert table["fraud_scenario"].to_pylist().count("bust_out") == 50


@pytest.mark.parametrize(
    "wrong", [("--users", "3"), ("--attacks", "theft"), ("--fraud-share", "2")]
)
def test_a_world_that_cannot_be_ends_with_2(wrong: tuple[str, str]) -> None:
    result = run("world", *wrong, "--to-file", "w.parquet")
    assert result.exit_code == 2
    assert "expected" in result.stderr


def test_until_ends_a_simulation_early(tmp_path: Path) -> None:
    result = run(*SMALL, "--to-file", "p.parquet", "--until", "2018-04-02", "--json", "s.json")
    assert result.exit_code == 0
    assert json.loads((tmp_path / "s.json").read_text())["last_event_time"] < "2018-04-02"


def test_a_file_with_a_bad_row_ends_with_1_and_says_where_the_row_is(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW, {**GOOD_ROW, "sum": "x"}])
    result = run("file", path, *OWN, "--to-file", "p.jsonl")
    assert result.exit_code == 1
    assert "own.rejects.jsonl; the first is row 2" in result.stderr
    assert json.loads((tmp_path / "own.rejects.jsonl").read_text())["code"] == "bad_amount"
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) == 1


def test_a_file_for_rejects_accepts_them(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW, {**GOOD_ROW, "sum": "x"}])
    result = run("file", path, *OWN, "--to-file", "p.jsonl", "--rejects", "bad.jsonl")
    assert result.exit_code == 0
    assert (tmp_path / "bad.jsonl").exists()


def test_the_key_of_the_tokens_is_made_once_and_its_place_said(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "card": VISA}])
    first = run("file", path, *OWN, "--to-file", "a.jsonl")
    again = run("file", path, *OWN, "--to-file", "b.jsonl")
    assert "token.key" in first.stderr and "token.key" not in again.stderr
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert b"tok_" in (tmp_path / "a.jsonl").read_bytes()


def test_a_key_from_the_environment_or_a_file_makes_other_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "card": VISA}])
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    run("file", path, *OWN, "--to-file", "a.jsonl", "--token-key-file", "key")
    monkeypatch.setenv("CARDWATCH_TOKEN_KEY", "cd" * 32)
    run("file", path, *OWN, "--to-file", "b.jsonl")
    assert not (tmp_path / "stack").exists()
    assert (tmp_path / "a.jsonl").read_bytes() != (tmp_path / "b.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", "5", "--to-file", "p.csv"), "as fast as it goes"),
        (("--rate", "5", "--speed", "2x"), "--rate or --speed"),
        (("--start", "2020-01-01", "--shift-to-now"), "Either --start or --shift-to-now"),
        (("--from", "2020-01-02", "--until", "2020-01-01"), "a time after from"),
        (("--label-delay", "7 days"), "expected a duration such as 7d"),
        (("--speed", "fast"), "expected a speed such as 60x"),
        (("--until", "soon"), "expected 2018-05-01"),
        (("--limit", "0"), "--limit"),
        (("--days", "0"), "days: expected at least 1"),
        (("--acks", "1", "--bootstrap", "127.0.0.1:1"), "add --no-idempotence"),
    ],
)
def test_a_wrong_call_ends_with_2_and_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    result = run(*SMALL, *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_file_that_does_not_fit_its_layout_ends_with_1(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW])
    result = run("file", path, "--layout", "handbook", "--to-file", "p.csv")
    assert result.exit_code == 1
    assert "expected column 'TRANSACTION_ID'" in result.stderr


def test_without_a_broker_it_ends_with_1_and_the_next_step() -> None:
    result = run(*SMALL, "--bootstrap", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "./cardwatch up" in result.stderr


@pytest.mark.parametrize("name", ["generate", "file"])
def test_help_has_an_example(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"./cardwatch produce {name}" in result.stdout


def test_payments_under_one_id_end_with_1_unless_they_are_accepted(tmp_path: Path) -> None:
    rows = [{**GOOD_ROW, "order": "o1"}, {**GOOD_ROW, "order": "o1"}]
    named = (*OWN, "--map=transaction_id=order", "--to-file", "p.jsonl")
    result = run("file", write_csv(tmp_path / "own.csv", rows), *named)
    assert result.exit_code == 0, result.output
    assert "Payments sent again (same id, same content)" in " ".join(result.stderr.split())
    path = write_csv(tmp_path / "own.csv", [*rows, {**GOOD_ROW, "order": "o1", "sum": "9"}])
    result = run("file", path, *named, "--json", "s.json")
    assert result.exit_code == 1
    assert "--map transaction_id=COLUMN" in " ".join(result.stderr.split())
    summary = json.loads((tmp_path / "s.json").read_text())
    assert (summary["remarks"]["repeated"], summary["remarks"]["reused"]) == (1, 1)
    assert run("file", path, *named, "--accept-reused-ids").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--timezone", "Berlin"), "expected a zone such as Europe/Berlin or UTC, got 'Berlin'"),
        (("--constant", "amount=x"), "`amount`: expected a number of zero or more"),
        (("--constant", "lat=48"), "expected both of lat and lon, got lat alone"),
        (("--constant", "lat=91", "--constant", "lon=1"), "`lat`: expected -90 to 90"),
        (("--constant", "is_fraud=maybe"), "`is_fraud`: expected 0 or 1, true or false"),
        (("--constant", "merchant_id=None"), "`merchant_id`: expected a text"),
        (("--constant", "timestamp=soon"), "`timestamp`: expected a date and time"),
        (("--constant", "attributes.x=1e39"), "`attributes.x`: expected"),
        (("--constant", f"merchant_id={VISA}"), "`merchant_id`: expected no card number"),
        (("--constant", "sum=5"), "got 'sum'; fields are"),
    ],
)
def test_an_option_is_refused_by_name_before_anything_is_read(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    fields = {"card_id": "card", "timestamp": "at", "amount": "sum", "merchant_id": "shop"}
    given = {argument.partition("=")[0] for argument in arguments}
    pairs = [f"--map={name}={column}" for name, column in fields.items() if name not in given]
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW])
    result = run("file", path, *pairs, "--constant=currency=EUR", *arguments, "--to-file", "p.csv")
    assert result.exit_code in (1, 2), result.output
    assert said in " ".join(result.stderr.split())
    assert VISA not in result.output and not (tmp_path / "p.csv").exists()
