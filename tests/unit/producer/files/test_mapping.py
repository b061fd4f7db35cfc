import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from events.card_data.number import card_number_in
from events.table import check_table, payments
from events.transaction import encode_transaction
from producer.files.data_sets import HANDBOOK, LAYOUTS, SPARKOV, ULB
from producer.files.layouts import FIELDS, TEXT_FIELDS, Layout, LayoutError, with_options
from producer.files.mapping import read
from producer.files.row_ids import file_digest
from producer.values.rejects import Reject, RejectFile, RowRefusedError
from tests.unit.producer.samples import (
    DATA,
    GOOD_ROW,
    OWN,
    TOKENIZER,
    VISA,
    read_rows,
    write_csv,
)

REAL = [
    ("handbook.parquet", HANDBOOK, 1_754_155, 14_681),
    ("sparkov.parquet", SPARKOV, 1_248_283, 7_450),
    ("samples/sparkov_kaggle_5039rows.csv", SPARKOV, 5_039, 22),
    ("samples/ulb_creditcard_1722rows.csv", ULB, 1_722, 492),
]


def test_a_row_becomes_a_payment(tmp_path: Path) -> None:
    rows, rejects = read_rows(write_csv(tmp_path / "own.csv", [GOOD_ROW]))
    assert not rejects
    given = {name: value for name, value in rows[0].items() if value is not None}
    assert given == {
        "transaction_id": f"{file_digest(tmp_path / 'own.csv')}-1",
        "card_id": "c1",
        "timestamp_ms": 1_714_564_800_000,
        "amount_minor": 1_234,
        "currency": "EUR",
        "merchant_id": "m1",
        "is_fraud": False,
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"card": ""}, "missing_field"),
        ({"shop": ""}, "missing_field"),
        ({"sum": ""}, "missing_field"),
        ({"at": ""}, "missing_field"),
        ({"shop": "x" * 129}, "bad_identifier"),
        ({"shop": "bell\x07"}, "bad_identifier"),
        ({"sum": "-1.00"}, "bad_amount"),
        ({"sum": "12.345"}, "bad_amount"),
        ({"sum": "nan"}, "missing_field"),
        ({"sum": "inf"}, "bad_amount"),
        ({"sum": "twelve"}, "bad_amount"),
        ({"sum": "1,23.00"}, "bad_amount"),
        ({"sum": "99999999999999"}, "bad_amount"),
        ({"at": "yesterday"}, "bad_timestamp"),
        ({"at": "1999-12-31T23:59:59Z"}, "bad_timestamp"),
        ({"bad": "maybe"}, "wrong_type"),
    ],
)
def test_a_row_that_is_no_payment_is_refused_with_its_number_and_reason(
    tmp_path: Path, change: dict[str, str], code: str
) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW, {**GOOD_ROW, **change}, GOOD_ROW])
    rows, rejects = read_rows(path)
    assert [row["transaction_id"].partition("-")[2] for row in rows] == ["1", "3"]
    assert [(reject.row, reject.code) for reject in rejects] == [(2, code)]
    assert "expected" in rejects[0].sentence and "got" in rejects[0].sentence


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0", "EUR", 0),
        ("12.340", "EUR", 1_234),
        ("1e2", "EUR", 10_000),
        ("1.5E1", "EUR", 1_500),
        ("1234", "JPY", 1_234),
        ("1.234", "KWD", 1_234),
        ("10995116277.75", "EUR", 2**40 - 1),
    ],
)
def test_amounts_are_exact_in_the_currencys_minor_units(
    tmp_path: Path, amount: str, currency: str, minor: int
) -> None:
    layout = with_options(OWN, [], [f"currency={currency}"])
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "sum": amount}])
    rows, _ = read_rows(path, layout)
    assert rows[0]["amount_minor"] == minor


@pytest.mark.parametrize("currency", ["EURO", "eur", ""])
def test_a_currency_that_is_none_is_refused(tmp_path: Path, currency: str) -> None:
    layout = with_options(OWN, ["currency=ccy"])
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "ccy": currency}])
    rows, rejects = read_rows(path, layout)
    assert not rows and rejects[0].code in ("bad_currency", "missing_field")


@pytest.mark.parametrize(
    ("unit", "text", "time_ms"),
    [
        ("iso", "2018-04-01 00:00:31", 1_522_540_831_000),
        ("iso", "2018-04-01T02:00:31.1239+02:00", 1_522_540_831_123),
        ("iso", "2018-04-01", 1_522_540_800_000),
        ("s", "1522540831", 1_522_540_831_000),
        ("s", "1522540831.5", 1_522_540_831_500),
        ("ms", "1522540831123", 1_522_540_831_123),
        ("us", "1522540831123999", 1_522_540_831_123),
        ("ns", "1522540831123000000", 1_522_540_831_123),
    ],
)
def test_times_are_read_in_their_unit(tmp_path: Path, unit: Any, text: str, time_ms: int) -> None:
    layout = with_options(OWN, [], [], unit)
    rows, _ = read_rows(write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "at": text}]), layout)
    assert rows[0]["timestamp_ms"] == time_ms


def test_a_mixture_of_dates_is_read_row_by_row(tmp_path: Path) -> None:
    texts = ["2018-04-01 00:00:31", "2018-04-01T00:00:31Z", "never"]
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "at": text} for text in texts])
    rows, rejects = read_rows(path)
    assert [row["timestamp_ms"] for row in rows] == [1_522_540_831_000] * 2
    assert [reject.row for reject in rejects] == [3]


def test_a_coordinate_without_its_partner_is_refused(tmp_path: Path) -> None:
    layout = with_options(OWN, ["lat=y", "lon=x"])
    places = [("47.1", "8.5"), ("", ""), ("47.1", ""), ("91", "8.5"), ("north", "8.5")]
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "y": y, "x": x} for y, x in places])
    rows, rejects = read_rows(path, layout)
    assert [(row["lat"], row["lon"]) for row in rows] == [(47.1, 8.5), (None, None)]
    codes = [(reject.row, reject.code) for reject in rejects]
    assert codes == [(3, "bad_coordinates"), (4, "bad_coordinates"), (5, "wrong_type")]


def test_an_attribute_may_be_absent_but_not_beyond_float32(tmp_path: Path) -> None:
    layout = with_options(OWN, ["attributes.V1=v"])
    values = ["0.5", "", "nan", "1e39"]
    path = write_csv(tmp_path / "own.csv", [{**GOOD_ROW, "v": value} for value in values])
    rows, rejects = read_rows(path, layout)
    assert [row["attributes.V1"] for row in rows] == [0.5, None, None] or len(rejects) == 2
    assert rejects[-1].row == 4 and rejects[-1].code == "bad_attributes"


def test_floats_of_a_parquet_file_are_taken_for_the_decimals_next_to_them(tmp_path: Path) -> None:
    table = pa.table(
        {
            "card": [1, 2, 3],
            "at": pa.array([1_522_540_831] * 3).cast(pa.timestamp("s")),
            "sum": [57.16 * 5, 0.1 + 0.2, 12.345],
            "shop": ["a", "b", "c"],
            "bad": [True, None, False],
        }
    )
    pq.write_table(table, tmp_path / "own.parquet")
    rows, rejects = read_rows(tmp_path / "own.parquet")
    assert [row["amount_minor"] for row in rows] == [28_580, 30]
    assert [row["is_fraud"] for row in rows] == [True, None]
    assert [(reject.row, reject.code) for reject in rejects] == [(3, "bad_amount")]


def test_card_numbers_never_leave_the_reader(tmp_path: Path) -> None:
    layout = with_options(OWN, ["customer_id=holder"])
    spaced = "4111 1111 1111 1111"
    bad = {**GOOD_ROW, "card": VISA, "holder": VISA, "shop": "", "sum": VISA}
    good = {**GOOD_ROW, "card": spaced, "holder": spaced}
    path = write_csv(tmp_path / "own.csv", [good, bad])
    with RejectFile(tmp_path / "rejects.jsonl") as refused:
        found = pa.Table.from_batches(read(path, layout, TOKENIZER, refused.add))
    sent = b"".join(encode_transaction(payment) for payment in payments(found))
    for written in (sent, (tmp_path / "rejects.jsonl").read_bytes()):
        assert VISA.encode() not in written.replace(b" ", b"")
    assert found["card_id"][0].as_py() == TOKENIZER.token(VISA)


def test_without_a_handler_the_first_bad_row_ends_the_reading(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", [GOOD_ROW, {**GOOD_ROW, "sum": "x"}])
    with pytest.raises(RowRefusedError, match="row 2: `amount`"):
        list(read(path, OWN, TOKENIZER))


def test_rejects_are_counted_by_code_and_written_as_json_lines(tmp_path: Path) -> None:
    with RejectFile(tmp_path / "rejects.jsonl") as refused:
        for row, code in ((3, "bad_amount"), (5, "bad_amount"), (9, "wrong_type")):
            refused.add(Reject(row, code, "why", {"amount": "x"}))
    lines = (tmp_path / "rejects.jsonl").read_text().splitlines()
    assert [json.loads(line)["row"] for line in lines] == [3, 5, 9]
    assert refused.count == 3 and refused.by_code == {"bad_amount": 2, "wrong_type": 1}
    assert refused.first is not None and refused.first.row == 3


def test_no_rejects_leave_no_file(tmp_path: Path) -> None:
    with RejectFile(tmp_path / "rejects.jsonl"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_file_that_was_written_reads_back_as_it_was(tmp_path: Path) -> None:
    layout = LAYOUTS["cardwatch"]
    found = pa.Table.from_batches(
        read(write_csv(tmp_path / "own.csv", [GOOD_ROW] * 3), OWN, TOKENIZER)
    )
    pq.write_table(found, tmp_path / "again.parquet")
    again = pa.Table.from_batches(read(tmp_path / "again.parquet", layout, TOKENIZER))
    assert again.equals(found)


@pytest.mark.parametrize(("name", "layout", "count", "frauds"), REAL, ids=[r[0] for r in REAL])
def test_known_data_sets_are_read_whole(name: str, layout: Layout, count: int, frauds: int) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not here")
    table = pa.Table.from_batches(read(DATA / name, layout, TOKENIZER))
    assert table.num_rows == count
    assert pc.sum(table["is_fraud"]).as_py() == frauds
    assert check_table(table).num_rows == count
    assert not any(map(card_number_in, table["card_id"].unique().to_pylist()))


def test_the_kaggle_file_is_timed_by_its_unix_time() -> None:
    path = DATA / "samples/sparkov_kaggle_5039rows.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    first = next(iter(read(path, SPARKOV, TOKENIZER))).to_pylist()[0]
    assert first["timestamp_ms"] == 1_325_376_018_000
    assert first["merchant_id"] == "Rippin, Kub and Mann"
    assert first["card_id"] == TOKENIZER.token("2703186189652095")


def test_gzip_is_read_as_it_comes(tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "own.csv", [GOOD_ROW] * 3)
    packed = tmp_path / "packed" / "own.csv.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_rows(packed) == read_rows(plain)


def test_an_unknown_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.xlsx"
    path.write_bytes(b"PK\x03\x04 [Content_Types].xml")
    with pytest.raises(LayoutError, match="an Excel workbook; save the sheet as CSV"):
        read_rows(path)


def test_a_constant_works_for_every_field(tmp_path: Path) -> None:
    texts = {name: f"{name}-1" for name in TEXT_FIELDS} | {"country": "NA"}
    texts |= {"time_zone": "Africa/Windhoek", "home_country": "NA"}
    given = {
        **texts,
        "timestamp": "2024-05-01",
        "amount": "5",
        "currency": "JPY",
        "is_fraud": "yes",
        "lat": "48",
        "lon": "11",
        "attributes.x": "2",
    }
    columns = {"merchant_id": "shop"}
    constants = [f"{name}={text}" for name, text in given.items() if name not in columns]
    layout = with_options(None, ["merchant_id=shop"], constants)
    rows, rejects = read_rows(write_csv(tmp_path / "own.csv", [GOOD_ROW]), layout)
    assert not rejects and given.keys() >= set(FIELDS)
    assert rows == [
        {
            **texts,
            "merchant_id": "m1",
            "timestamp_ms": 1_714_521_600_000,
            "amount_minor": 5,
            "currency": "JPY",
            "is_fraud": True,
            "lat": 48.0,
            "lon": 11.0,
            "attributes.x": 2.0,
        }
    ]
