from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.layouts import LayoutError
from producer.reading import number_rows
from tests.unit.producer.samples import GOOD_ROW, read_rows, write_csv


def test_unnamed_and_unmapped_columns_are_not_read(tmp_path: Path) -> None:
    rows = [{"": "0", "Unnamed: 0": "0", **GOOD_ROW, "street": "1 High St"}]
    found, rejects = read_rows(write_csv(tmp_path / "own.csv", rows))
    assert len(found) == 1 and not rejects
    assert "1 High St" not in str(found)


def test_a_broken_line_is_refused_with_its_number_and_the_rows_keep_theirs(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW] * 4)
    lines = path.read_text().splitlines()
    lines[2] = '"c1","2024-05-01T12:00:00Z"'
    path.write_text("\n".join(lines))
    found, rejects = read_rows(path)
    assert [row["transaction_id"] for row in found] == ["own-1", "own-3", "own-4"]
    assert [(reject.row, reject.code) for reject in rejects] == [(2, "wrong_type")]
    assert "5 values" in rejects[0].sentence and "2 values" in rejects[0].sentence


def test_commas_and_line_feeds_within_quotes_belong_to_the_value(tmp_path: Path) -> None:
    found, _ = read_rows(write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "shop": "Kub, and Mann"}]))
    assert found[0]["merchant_id"] == "Kub, and Mann"


def test_tabs_separate_the_values_of_a_tsv_file(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("\t".join(GOOD_ROW) + "\n" + "\t".join(GOOD_ROW.values()) + "\n")
    assert len(read_rows(path)[0]) == 1


def test_a_file_that_is_not_utf8_is_refused_with_its_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW])
    path.write_bytes(path.read_bytes().replace(b"m1", b"caf\xe9"))
    with pytest.raises(LayoutError, match=r"own\.csv: expected CSV in UTF-8"):
        read_rows(path)


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "own.csv.gz"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01nothing")
    with pytest.raises(LayoutError, match=name):
        read_rows(tmp_path / name)


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(b"")
    with pytest.raises(LayoutError, match="got no named column"):
        read_rows(tmp_path / "own.csv")


@given(st.sets(st.integers(1, 30)), st.integers(1, 10))
def test_rows_are_numbered_as_a_count_over_the_whole_file_numbers_them(
    skipped: set[int], count: int
) -> None:
    kept = [row for row in range(1, 60) if row not in skipped]
    found = number_rows(3, count, sorted(skipped))
    assert np.array_equal(found, kept[2 : 2 + count])
