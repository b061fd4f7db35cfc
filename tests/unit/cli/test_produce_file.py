"""`produce file` as a user calls it: what a file is, what became of its rows, how to go on."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cli.stream.produce import command
from tests.unit.producer.samples import GOOD_ROW, write_csv

OWN = (
    "--map=card_id=card", "--map=timestamp=at", "--map=amount=sum", "--map=merchant_id=shop",
    "--map=transaction_id=id", "--constant=currency=EUR",
)  # fmt: skip
ROWS = 70_000
"""More than one block of the reader."""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARDWATCH_FOLDER", str(tmp_path / "stack"))


def produce(path: Path, *arguments: object) -> Result:
    call = ("file", path, *OWN, *arguments)
    return CliRunner().invoke(command, [str(argument) for argument in call])


def summary(path: Path, *arguments: object) -> dict[str, Any]:
    result = produce(path, *arguments, "--json", "-", "-q")
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["rows_read"] == (
        found["payments"]
        + sum(found["rejected"].values())
        + found["rows_skipped"]
        + found["refunds_left_out"]
        + found["left_out"]
    )
    return found


def lines(rows: int, first: int = 0) -> list[str]:
    """Return lines of a file in order of time, a payment a second."""
    return [
        f"c{n % 50},2024-05-01T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z,1.00,shop,t{n}\n"
        for n in range(first, first + rows)
    ]


def write(path: Path, *parts: bytes | list[str]) -> Path:
    texts = [part if isinstance(part, bytes) else "".join(part).encode() for part in parts]
    path.write_bytes(b"card,at,sum,shop,id\n" + b"".join(texts))
    return path


def ids(path: Path) -> list[str]:
    found: list[str] = pq.read_table(path)["transaction_id"].to_pylist()
    return found


LATIN = b"c1,2024-05-01T23:00:00Z,1.00,caf\xe9,bad\n"
OPEN = b'c1,2024-05-01T23:00:00Z,1.00,"shop,bad\n'


@pytest.mark.parametrize("bad", [LATIN, OPEN], ids=["latin", "open-quote"])
def test_a_file_that_breaks_off_says_what_was_sent_and_goes_on_behind_it(
    tmp_path: Path, bad: bytes
) -> None:
    broken = write(tmp_path / "own.csv", lines(ROWS), bad, lines(5, ROWS))
    result = produce(broken, "--to-file", "a.parquet")
    assert result.exit_code == 1
    assert "row 70,001 (line 70,002)" in result.stderr and "'shop'" in result.stderr
    assert "go on with --skip-rows 70000" in result.stderr
    assert "--from 2024-05-01T19:26:39.000Z" in result.stderr
    assert "partial-a.parquet" in result.stderr and not (tmp_path / "a.parquet").exists()
    assert f"{ROWS:,}" in result.stdout and "the file breaks off" in result.stdout

    mended = write(tmp_path / "own.csv", lines(ROWS), lines(5, ROWS))
    found = summary(mended, "--to-file", "b.parquet", "--skip-rows", ROWS)
    assert (found["rows_read"], found["rows_skipped"]) == (ROWS + 5, ROWS)
    whole = ids(tmp_path / "partial-a.parquet") + ids(tmp_path / "b.parquet")
    assert whole == [f"t{n}" for n in range(ROWS + 5)]


def test_rows_behind_a_bad_one_can_be_sent_without_it(tmp_path: Path) -> None:
    for bad in (LATIN, OPEN):
        path = write(tmp_path / "own.csv", lines(3), bad, lines(2, 3))
        assert summary(path, "--to-file", "a.parquet", "--skip-rows", 4)["payments"] == 2
        assert ids(tmp_path / "a.parquet") == ["t3", "t4"]


def test_a_damaged_archive_is_sent_up_to_its_damage(tmp_path: Path) -> None:
    whole = write(tmp_path / "own.csv", lines(ROWS)).read_bytes()
    packed = gzip.compress(whole)
    path = tmp_path / "own.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    found = summary(path, "--to-file", "a.parquet")
    assert found["broken_off"] and 0 < found["payments"] < ROWS
    assert "gzip" in found["stopped"]


def test_a_damaged_page_ends_a_parquet_file_behind_the_rows_before_it(tmp_path: Path) -> None:
    chance = np.random.default_rng(7).integers(0, 2**62, ROWS)
    table = pa.table(
        {
            "card": [f"c{number}" for number in chance.tolist()],
            "at": ["2024-05-01T00:00:00Z"] * ROWS,
            "sum": ["1.00"] * ROWS,
            "shop": ["m"] * ROWS,
            "id": [f"t{n}" for n in range(ROWS)],
        }
    )
    path = tmp_path / "own.parquet"
    pq.write_table(table, path, row_group_size=ROWS // 4, write_page_checksum=True)
    place = pq.ParquetFile(path).metadata.row_group(3).column(0).data_page_offset + 1000
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    found = summary(path, "--to-file", "a.parquet")
    assert found["broken_off"] and 0 < found["payments"] < ROWS
    assert f"expected {ROWS:,} rows of a whole Parquet file" in found["stopped"]


def test_what_a_file_was_recognised_as_is_said_but_not_to_the_quiet(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("card;at;sum;shop;id\nc1;2024-05-01T00:00:00Z;1,50;m;t1\n", "utf-8-sig")
    said = "Read as CSV: delimiter semicolon, UTF-8 with BOM, 5 columns, decimal comma."
    assert said in produce(path, "--to-file", "a.csv").stderr
    assert said not in produce(path, "--to-file", "a.csv", "-q").stderr


@pytest.mark.parametrize(
    ("arguments", "sent", "said"),
    [
        (("--limit", "4"), 4, "left out: --limit"),
        (("--from", "2024-05-01T00:00:07Z"), 3, "left out: --from"),
        (("--skip-rows", "9"), 1, "left out: --skip-rows"),
        (("--until", "2024-05-01T00:00:02Z", "--ordered"), 2, "left out: --until"),
    ],
)
def test_rows_that_are_left_out_are_counted_with_the_option_that_does_it(
    tmp_path: Path, arguments: tuple[str, ...], sent: int, said: str
) -> None:
    path = write(tmp_path / "own.csv", lines(10))
    assert summary(path, "--to-file", "a.parquet", *arguments)["payments"] == sent
    result = produce(path, "--to-file", "a.parquet", *arguments)
    assert result.exit_code == 0 and said in result.stdout


def test_a_file_of_names_alone_makes_an_empty_file_and_not_an_old_one(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", lines(3))
    produce(path, "--to-file", "a.parquet")
    write(path)
    result = produce(path, "--to-file", "a.parquet")
    assert result.exit_code == 0 and ids(tmp_path / "a.parquet") == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "id": "t1"}])
    result = produce(path, "--to-file", tmp_path / "none" / "a.csv")
    assert result.exit_code == 1 and "expected a place that can be written" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--delimiter", "ab"), "expected one character or comma, semicolon, tab, pipe"),
        (("--encoding", "klingon"), "expected a name such as utf-8, utf-16, latin-1 or cp1252"),
        (("--decimal", "dot"), "'dot' is not one of 'point', 'comma'"),
    ],
)
def test_an_option_that_names_nothing_ends_with_2(
    tmp_path: Path, arguments: tuple[str, str], said: str
) -> None:
    result = produce(write(tmp_path / "own.csv", lines(1)), "--to-file", "a.csv", *arguments)
    assert result.exit_code == 2 and said in " ".join(result.stderr.split())


def test_refused_rows_of_a_run_that_goes_on_are_kept_beside_those_before(tmp_path: Path) -> None:
    path = write(tmp_path / "own.2024-05-01.csv", lines(2), b"c1,no time,1.00,m,x\n" * 2, OPEN)
    assert produce(path, "--to-file", "a.csv").exit_code == 1
    kept = tmp_path / "own.2024-05-01.rejects.jsonl"
    assert len(kept.read_text().splitlines()) == 2
    write(path, lines(2), b"c1,no time,1.00,m,x\n" * 5)
    assert produce(path, "--to-file", "b.csv", "--skip-rows", 4).exit_code == 1
    assert [json.loads(line)["row"] for line in kept.read_text().splitlines()] == [3, 4, 5, 6, 7]


def test_a_sorted_file_that_breaks_off_sends_nothing_and_skips_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", lines(3), OPEN)
    result = produce(path, "--to-file", "a.csv", "--sort")
    assert result.exit_code == 1 and "--sort uses nothing of a file" in result.stderr
    assert "--skip-rows" not in result.stderr and not list(tmp_path.glob("*a.csv"))


def test_standard_input_is_read_like_a_file(tmp_path: Path) -> None:
    content = gzip.compress(write(tmp_path / "own.csv", lines(3)).read_bytes())
    call = ["file", "-", *OWN, "--to-file", "a.parquet"]
    result = CliRunner().invoke(command, call, input=content)
    assert result.exit_code == 0 and "packed by gzip" in result.stderr
    assert ids(tmp_path / "a.parquet") == ["t0", "t1", "t2"]
