"""Ids in the spellings of spreadsheets and data frames: one spelling each, or a refusal."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.files.layouts import with_options
from tests.unit.producer.samples import GOOD_ROW, OWN, TOKENIZER, VISA, read_rows, write_csv

NAMED = with_options(OWN, ["transaction_id=id", "customer_id=holder", "device_id=device"])
FULL_ROW = {**GOOD_ROW, "id": "t1", "holder": "h1", "device": "d1"}


def parquet(path: Path, column: str, values: pa.Array) -> Path:
    rows = len(values)
    texts = {name: pa.array([text] * rows) for name, text in GOOD_ROW.items()}
    pq.write_table(pa.table({**texts, column: values}), path)
    return path


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("4712.0", "4712"),
        ("-3.00", "-3"),
        ("4712,0", "4712"),
        ("1.000", "1.000"),
        ("1,000", "1,000"),
        ("12345678901.0", "12345678901"),
        ('=""00471""', "00471"),
        ("'00471", "00471"),
        ("'C17'", "C17"),
        ("  c7\t", "c7"),
        ("\u00a0c7", "c7"),
        ("12e4", "12e4"),
        ("5e10a", "5e10a"),
        ("O'Neill", "O'Neill"),
        ("1.5.0", "1.5.0"),
    ],
)
def test_an_id_has_one_spelling(tmp_path: Path, text: str, spelt: str) -> None:
    rows, rejects = read_rows(write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "card": text}]))
    assert not rejects and rows[0]["card_id"] == spelt


@pytest.mark.parametrize("text", ["3.57E+15", "1.2345678901e+10", "5E+3", "4,11E+15", "1.0E10"])
@pytest.mark.parametrize("column", ["card", "shop", "id", "holder", "device"])
def test_an_id_in_scientific_notation_has_lost_digits(
    tmp_path: Path, column: str, text: str
) -> None:
    path = write_csv(tmp_path / "own.csv", [{**FULL_ROW, column: text}])
    rows, rejects = read_rows(path, NAMED)
    assert not rows and rejects[0].code == "bad_identifier"
    assert "not in scientific notation" in rejects[0].sentence
    assert "export the column as text" in rejects[0].sentence


@pytest.mark.parametrize(
    ("kind", "value", "spelt"),
    [
        (pa.float64(), 12345678901.0, "12345678901"),
        (pa.float64(), 2.0**53 - 1, "9007199254740991"),
        (pa.float32(), 2.0**24 - 1, "16777215"),
        (pa.decimal128(20, 2), Decimal("4711.00"), "4711"),
        (pa.int64(), 4711, "4711"),
    ],
)
def test_a_whole_number_is_its_digits(
    tmp_path: Path, kind: pa.DataType, value: object, spelt: str
) -> None:
    rows, _ = read_rows(parquet(tmp_path / "own.parquet", "shop", pa.array([value], kind)))
    assert rows[0]["merchant_id"] == spelt


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (pa.float64(), 2.0**53, "a float too large to hold them"),
        (pa.float32(), 2.0**24, "a float too large to hold them"),
        (pa.float64(), float("inf"), "a float too large to hold them"),
        (pa.float64(), 4711.5, "a text or a whole number"),
        (pa.decimal128(20, 2), Decimal("4711.50"), "a text or a whole number"),
        (pa.string(), "9007199254740992.0", "a float too large to hold them"),
    ],
)
def test_a_number_that_has_lost_digits_or_has_too_many_is_refused(
    tmp_path: Path, kind: pa.DataType, value: object, said: str
) -> None:
    path = parquet(tmp_path / "own.parquet", "shop", pa.array([value], kind))
    rows, rejects = read_rows(path)
    assert not rows and rejects[0].code == "bad_identifier" and said in rejects[0].sentence


CARD_SPELLINGS: list[Any] = [
    VISA,
    f"{VISA}.0",
    f"'{VISA}",
    f'=""{VISA}""',
    "4111\u00a01111\u00a01111\u00a01111",
    "4111.1111.1111.1111",
    "\uff14111-1111-1111-1111",
]


def test_a_card_number_has_one_token_in_every_spelling(tmp_path: Path) -> None:
    rows = [{**FULL_ROW, "card": text, "holder": text} for text in CARD_SPELLINGS]
    found, rejects = read_rows(write_csv(tmp_path / "own.csv", rows), NAMED)
    columns = {row[name] for row in found for name in ("card_id", "customer_id")}
    assert not rejects and columns == {TOKENIZER.token(VISA)}
    for kind in (pa.float64(), pa.int64(), pa.decimal128(21, 2)):
        path = parquet(tmp_path / "own.parquet", "card", pa.array([int(VISA)]).cast(kind))
        assert read_rows(path)[0][0]["card_id"] == TOKENIZER.token(VISA)


@pytest.mark.parametrize("column", ["id", "shop", "device"])
@pytest.mark.parametrize("text", CARD_SPELLINGS)
def test_a_card_number_that_names_no_card_is_refused_and_never_shown(
    tmp_path: Path, column: str, text: str
) -> None:
    path = write_csv(tmp_path / "own.csv", [{**FULL_ROW, column: text}])
    rows, rejects = read_rows(path, NAMED)
    assert not rows and rejects[0].code == "card_number"
    written = f"{rejects[0].sentence} {rejects[0].values}"
    assert "1111" not in written


def test_a_card_number_is_not_shown_where_another_field_is_refused(tmp_path: Path) -> None:
    for column in ("id", "shop", "device", "sum", "at", "bad"):
        for text in CARD_SPELLINGS:
            row = {**FULL_ROW, column: text, "card": VISA, "sum": "x"} | {column: text}
            _, rejects = read_rows(write_csv(tmp_path / "own.csv", [row]), NAMED)
            assert "1111" not in f"{rejects[0].sentence} {rejects[0].values}"


MISSING = ["", "  ", "nan", "NaN", "NULL", "null", "None", "N/A", "n/a", "NA", "\\N", "-", "#N/A"]


@pytest.mark.parametrize("text", [*MISSING, "#REF!", "########", "<NA>", "NaT"])
def test_a_missing_value_is_missing_in_every_spelling(tmp_path: Path, text: str) -> None:
    layout = with_options(NAMED, ["city=town", "lat=y", "lon=x", "attributes.v=v"])
    optional = ["bad", "holder", "device", "town", "v"]
    row = {**FULL_ROW, "town": "Lund", "y": "1", "x": "2", "v": "3"}
    rows = [{**row, column: text} for column in optional] + [{**row, "y": text, "x": text}]
    found, rejects = read_rows(write_csv(tmp_path / "own.csv", rows), layout)
    fields = ["is_fraud", "customer_id", "device_id", "city", "attributes.v", "lat"]
    assert not rejects and [found[at][name] for at, name in enumerate(fields)] == [None] * 6
    needed = ["card", "at", "sum", "shop", "id"]
    path = write_csv(tmp_path / "own.csv", [{**row, column: text} for column in needed])
    _, rejects = read_rows(path, layout)
    assert [reject.code for reject in rejects] == ["missing_field"] * 5
    named = ["card_id", "timestamp", "amount", "merchant_id", "transaction_id"]
    for reject, name in zip(rejects, named, strict=True):
        assert reject.sentence.startswith(f"`{name}`")


def test_na_is_a_country_and_nan_in_a_float_column_is_missing(tmp_path: Path) -> None:
    layout = with_options(OWN, ["country=land", "home_country=home"])
    row = {**GOOD_ROW, "land": "NA", "home": "NA"}
    rows, _ = read_rows(write_csv(tmp_path / "own.csv", [row]), layout)
    assert rows[0]["country"] == rows[0]["home_country"] == "NA"
    path = parquet(tmp_path / "own.parquet", "card", pa.array([float("nan"), None, 7.0]))
    rows, rejects = read_rows(path)
    assert [row["card_id"] for row in rows] == ["7"]
    assert [(reject.row, reject.code) for reject in rejects] == [
        (1, "missing_field"),
        (2, "missing_field"),
    ]
    path = parquet(tmp_path / "own.parquet", "bad", pa.array(["1,0", "0.00", "YES"]))
    assert [row["is_fraud"] for row in read_rows(path)[0]] == [True, False, True]
    path = parquet(tmp_path / "own.parquet", "bad", pa.array([float("nan"), 0.0, 1.0]))
    assert [row["is_fraud"] for row in read_rows(path)[0]] == [None, False, True]
