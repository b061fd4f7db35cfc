import gzip
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.files.layouts import LayoutError, with_options
from tests.unit.producer.samples import GOOD_ROW, OWN, read_rows, write_csv


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
    assert [row["transaction_id"].partition("-")[2] for row in found] == ["1", "3", "4"]
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
    with pytest.raises(
        LayoutError, match=r"own\.csv: row 1 \(line 2\): expected UTF-8 in column 'shop'"
    ):
        read_rows(path)


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "own.csv.gz"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01nothing")
    with pytest.raises(LayoutError, match=name):
        read_rows(tmp_path / name)


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(b"")
    with pytest.raises(LayoutError, match="got an empty file"):
        read_rows(tmp_path / "own.csv")


KINDS = [
    ("at", pa.array([1], pa.int64()), "timestamp"),
    ("at", pa.array([[1]], pa.list_(pa.int64())), "timestamp"),
    ("sum", pa.array([1], pa.time64("us")), "amount"),
    ("sum", pa.array([True]), "amount"),
    ("card", pa.array([b"c"], pa.binary()), "card_id"),
    ("shop", pa.array([{"a": 1}]), "merchant_id"),
]


@pytest.mark.parametrize(("column", "values", "field"), KINDS)
def test_a_parquet_column_of_a_kind_that_no_field_is_of_is_refused(
    tmp_path: Path, column: str, values: pa.Array, field: str
) -> None:
    path = tmp_path / "own.parquet"
    pq.write_table(
        pa.table({name: [text] for name, text in GOOD_ROW.items()} | {column: values}), path
    )
    with pytest.raises(LayoutError, match=f"column '{column}' for {field}, got"):
        read_rows(path)


@pytest.mark.parametrize(
    "kind",
    [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.date32(), pa.timestamp("ns")],
)
def test_a_parquet_column_of_times_in_any_form_is_read(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "own.parquet"
    text = pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    moment = "2024-05-01" if text else datetime(2024, 5, 1, tzinfo=UTC)
    day = pa.array([moment]).cast(kind if text else pa.timestamp("us")).cast(kind)
    pq.write_table(pa.table({name: [one] for name, one in GOOD_ROW.items()} | {"at": day}), path)
    assert read_rows(path)[0][0]["timestamp_ms"] == 1_714_521_600_000


def test_a_time_beyond_the_calendar_is_rejected_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    times = pa.array([2**62], pa.timestamp("s"))
    pq.write_table(pa.table({name: [one] for name, one in GOOD_ROW.items()} | {"at": times}), path)
    assert [reject.code for reject in read_rows(path)[1]] == ["bad_timestamp"]


def test_a_coordinate_without_the_column_of_its_partner_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW | {"lat": "1"}])
    with pytest.raises(LayoutError, match="both of lat and lon, got lat alone"):
        read_rows(path, with_options(OWN, ["lat=lat"]))
    optional = replace(with_options(OWN, ["lat=lat", "lon=lon"]), optional=frozenset({"lon"}))
    with pytest.raises(LayoutError, match="columns for both of lat and lon"):
        read_rows(path, optional)


def test_a_header_with_control_characters_is_told_in_one_printable_line(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(b'"\x1b[2J\0card,' + b"x" * 5_000 + b"\n1\n")
    with pytest.raises(LayoutError) as caught:
        read_rows(path)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 1_100


def test_an_archive_that_breaks_off_is_refused(tmp_path: Path) -> None:
    whole = write_csv(tmp_path / "own.csv", [GOOD_ROW] * 20_000).read_bytes()
    packed = gzip.compress(whole)
    path = tmp_path / "own.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(LayoutError, match=r"own\.csv\.gz"):
        read_rows(path)


def test_a_line_that_cannot_be_read_is_not_repeated_with_its_card_number(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW])
    path.write_bytes(path.read_bytes() + b"c1,\xff4111111111111111,1,m,0\n")
    with pytest.raises(LayoutError, match=r"\*{16}") as caught:
        read_rows(path)
    assert "4111" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_file_that_cannot_be_unpacked_leaves_no_memory_behind(tmp_path: Path) -> None:
    """What pyarrow allocates for `read` it keeps where that fails: 4 MiB for each broken file."""
    path = tmp_path / "own.csv.bz2"
    path.write_bytes(b"not packed")

    def pages() -> int:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])

    before = pages()
    for _ in range(50):
        with pytest.raises(LayoutError):
            read_rows(path)
    assert (pages() - before) * 4096 < 100 * 1024**2
