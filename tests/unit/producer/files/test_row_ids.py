"""Ids of rows that have none: of a file's content, whatever its name."""

import bz2
import gzip
from pathlib import Path

import pytest

from producer.files.data_sets import ULB
from producer.files.layouts import Layout
from producer.files.row_ids import file_digest
from tests.unit.producer.samples import GOOD_ROW, OWN, read_rows, write_csv

OTHER_ROW = {**GOOD_ROW, "sum": "900"}


def ids(path: Path, layout: Layout = OWN) -> list[str]:
    return [row["transaction_id"] for row in read_rows(path, layout)[0]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("day1/payments.csv", "day2/payments.csv"),
        ("transactions.2024-05-01.csv", "transactions.2024-05-02.csv"),
        (f"{'x' * 64}1.csv", f"{'x' * 64}2.csv"),
    ],
)
def test_two_files_of_one_name_share_no_id(tmp_path: Path, first: str, second: str) -> None:
    found = set()
    for name, row in ((first, GOOD_ROW), (second, OTHER_ROW)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        found |= set(ids(write_csv(path, [row, row])))
    assert len(found) == 4


def test_a_file_sent_again_under_any_name_has_the_same_ids(tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "own.csv", [GOOD_ROW, OTHER_ROW])
    packed = tmp_path / "again.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    other = tmp_path / "again.csv.bz2"
    other.write_bytes(bz2.compress(plain.read_bytes()))
    assert ids(plain) == ids(packed) == ids(other) == ids(plain.rename(tmp_path / "new.csv"))


def test_parts_of_a_data_set_share_neither_ids_nor_cards(tmp_path: Path) -> None:
    found: list[str] = []
    for part in ("1", "2"):
        row = {"Time": part, "Amount": "1", "Class": "0"} | {f"V{n}": "0" for n in range(1, 29)}
        rows, _ = read_rows(write_csv(tmp_path / f"creditcard.part{part}.csv", [row, row]), ULB)
        found += [row[name] for row in rows for name in ("transaction_id", "card_id")]
    assert len(set(found)) == 8 and found[1] == f"card-{found[0]}"


def test_a_file_that_breaks_off_has_ids_for_what_it_holds(tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "own.csv", [GOOD_ROW] * 50_000)
    packed = gzip.compress(plain.read_bytes())
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    assert file_digest(tmp_path / "cut.csv.gz") != file_digest(plain)
