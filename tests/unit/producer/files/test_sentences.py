"""Every reason that the file path can give, with the value that a user would really have sent."""

import re
from pathlib import Path

import pytest

import producer
from events.errors import REASONS
from events.zones import KNOWN_TEXTS
from producer.files.layouts import with_options
from tests.unit.producer.samples import OWN, VISA, read_rows, write_csv

LAYOUT = with_options(
    OWN,
    [
        *("transaction_id=id", "currency=cur", "city=town", "device_id=device"),
        *("time_zone=zone", "home_country=home"),
        *("lat=y", "lon=x", "attributes.score=score"),
        "attributes.cvv=code",
    ],
)
ROW = {
    "card": "c1",
    "at": "2024-05-01 12:00",
    "sum": "12.34",
    "shop": "m1",
    "bad": "0",
    "id": "t1",
    "cur": "EUR",
    "town": "Lund",
    "device": "d1",
    "zone": "Europe/Stockholm",
    "home": "SE",
    "y": "1",
    "x": "2",
    "score": "3",
    "code": "0",
}
CASES = [
    ("card", "", "missing_field", "`card_id` (column card)", "a text"),
    ("card", "NULL", "missing_field", "`card_id` (column card)", "got 'NULL'"),
    ("id", "nan", "missing_field", "`transaction_id` (column id)", "got 'nan'"),
    ("shop", "N/A", "missing_field", "`merchant_id` (column shop)", "got 'N/A'"),
    ("sum", "", "missing_field", "`amount` (column sum)", "an amount"),
    ("at", "NaT", "missing_field", "`timestamp` (column at)", "a time"),
    ("cur", "-", "missing_field", "`currency` (column cur)", "a text"),
    ("card", "3.57E+15", "bad_identifier", "`card_id` (column card)", "scientific notation"),
    ("card", "9007199254740993.0", "bad_identifier", "`card_id` (column card)", "too large"),
    ("town", "x" * 129, "bad_identifier", "`city` (column town)", "1 to 128 printable"),
    ("shop", "bell\x07", "bad_identifier", "`merchant_id` (column shop)", "1 to 128 printable"),
    ("cur", "euro", "bad_currency", "`currency` (column cur)", "an ISO 4217 code in capitals"),
    ("cur", "€", "bad_currency", "`currency` (column cur)", "got '€'"),
    ("zone", "CET/CEST", "bad_time_zone", "`time_zone` (column zone)", "an IANA time zone such as"),
    ("home", "se", "bad_home_country", "`home_country` (column home)", "two capitals such as DE"),
    ("sum", "15685702110.09", "bad_amount", "`amount` (column sum)", "at most 10995116277.75"),
    ("sum", "12.345", "bad_amount", "`amount` (column sum)", "(2 decimals at most)"),
    ("sum", "-5.00", "bad_amount", "`amount` (column sum)", "zero or more, got '-5.00'"),
    ("sum", "USD 5", "bad_amount", "`amount` (column sum)", "without signs of currency"),
    ("at", "1714557600000", "bad_timestamp", "`timestamp` (column at)", "looks like milliseconds"),
    ("at", "5/1/2024 9:30", "bad_timestamp", "`timestamp` (column at)", "--date-order"),
    ("at", "1999-12-31", "bad_timestamp", "`timestamp` (column at)", "2000-01-01T00:00:00.000Z"),
    ("bad", "fraud", "wrong_type", "`is_fraud` (column bad)", "0 or 1, true or false, yes or no"),
    ("y", "north", "wrong_type", "`lat` (column y)", "a number, got 'north'"),
    ("y", "91", "bad_coordinates", "`lat` (column y)", "-90 to 90, got 91"),
    ("x", "-180.5", "bad_coordinates", "`lon` (column x)", "-180 to 180"),
    ("x", "", "bad_coordinates", "`lat`, `lon`", "both"),
    ("score", "high", "wrong_type", "`attributes.score` (column score)", "a number, got 'high'"),
    ("score", "1e39", "bad_attributes", "`attributes.score` (column score)", "3.40282e+38"),
    ("score", VISA, "card_number", "`attributes.score` (column score)", "no card number"),
    ("id", VISA, "card_number", "`transaction_id` (column id)", "become tokens, or leave it out"),
    ("device", f"{VISA}.0", "card_number", "`device_id` (column device)", "no card number"),
    ("town", f"Lund {VISA}", "card_number", "`city` (column town)", "no card number"),
    ("code", "123", "card_data", "`attributes.cvv` (column code)", "a verification code or a PIN"),
    ("town", "cvv 123", "card_data", "`city` (column town)", "no card data"),
]


@pytest.mark.parametrize(("column", "value", "code", "where", "said"), CASES)
def test_a_refusal_names_the_field_the_reason_and_the_range(
    tmp_path: Path, column: str, value: str, code: str, where: str, said: str
) -> None:
    path = write_csv(
        tmp_path / "own.csv", [ROW, {**ROW, column: value, "id": "t2"} | {column: value}]
    )
    rows, rejects = read_rows(path, LAYOUT)
    assert len(rows) == 1 and [(one.row, one.code) for one in rejects] == [(2, code)]
    assert rejects[0].sentence.startswith(f"{where}: expected ")
    assert said in rejects[0].sentence
    assert VISA not in rejects[0].sentence


def test_every_reason_that_the_reader_can_give_has_a_case() -> None:
    """Lines of JSON that are none, and lines with too many values, are judged in test_json_rows."""
    sources = [path.read_text() for path in Path(producer.__path__[0]).rglob("*.py")]
    named = set(re.findall(r'"([a-z_]+)"', " ".join(sources))) & REASONS.keys()
    named |= {code for code, _, _ in KNOWN_TEXTS.values()}
    assert named - {"not_json", "not_an_object"} == {code for _, _, code, _, _ in CASES}
