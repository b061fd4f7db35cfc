"""Each reason with the value that users really send: the sentence names field, why and range."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from events.decision import decision_features, decode_decision, encode_decision, encode_features
from events.errors import REASONS, EventError
from events.label import parse_label
from events.table import check_table
from events.transaction import parse_transaction
from tests.unit.events.samples import (
    CARD,
    NOW_MS,
    decision,
    full_payment,
    label,
    payment,
)

KEY = CARD.encode()
RANGE = "2000-01-01T00:00:00.000Z to 2024-05-02T12:00:00.000Z"


class Said(NamedTuple):
    """What was sent, its reason, and what the sentence has to say and may not say."""

    sent: Any
    code: str
    says: tuple[str, ...]
    key: bytes | None = KEY


def as_bytes(value: Any) -> bytes | None:
    """Return a payment as it was sent; NaN as Python's json writes it."""
    return value if value is None or isinstance(value, bytes) else json.dumps(value).encode()


def nan(**fields: Any) -> bytes:
    """Return a full payment with fields that JSON cannot hold."""
    return json.dumps(full_payment(**fields)).encode()


PAYMENTS: dict[str, Said] = {
    "tombstone": Said(None, "empty", ("payment", "got nothing")),
    "blank": Said(b" \n", "empty", ("payment", "white space")),
    "a whole order": Said(payment(x="x" * 70_000), "too_large", ("65536 bytes", "70")),
    "Latin-1": Said(
        '{"city":"Köln"}'.encode("latin-1"), "not_utf8", ("UTF-8", "0xf6 at offset 10")
    ),
    "UTF-16": Said(json.dumps(payment()).encode("utf-16"), "not_utf8", ("UTF-8", "offset 0")),
    "CSV": Said(b"t1,c1,12.50", "not_json", ("JSON document", "t1,c1,12.50")),
    "byte order mark": Said(
        b"\xef\xbb\xbf" + json.dumps(payment()).encode(), "not_json", ("byte order mark",)
    ),
    "Avro": Said(b"\0\0\0\0\1abc", "not_json", ("schema registry", "plain JSON")),
    "Python's repr": Said(str(payment()).encode(), "not_json", ("JSON library",)),
    "two in one": Said(json.dumps(payment()).encode() * 2, "not_json", ("trailing characters",)),
    "NaN as attribute": Said(
        nan(attributes={"V1": float("nan")}), "not_json", ("`V1`", "finite", "NaN")
    ),
    "NaN as place": Said(nan(lat=float("nan")), "bad_coordinates", ("`lat`", "finite", "NaN")),
    "NaN as amount": Said(nan(amount=float("nan")), "bad_amount", ("`amount`", "finite", "NaN")),
    "nested": Said(b'{"a":' * 40 + b"1" + b"}" * 40, "too_deep", ("32 levels", "offset 160")),
    "list": Said([payment()], "not_an_object", ("JSON object", "got a list")),
    "no merchant": Said(
        payment(merchant_id=...), "missing_field", ("`merchant_id`", "add `merchant_id`")
    ),
    "other names": Said({"transactionId": "t1"}, "missing_field", ("transactionId",)),
    "Kafka Connect": Said(
        {"schema": {}, "payload": payment()}, "missing_field", ("`payload`", "schemas.enable")
    ),
    "number as card": Said(payment(card_id=4711), "wrong_type", ("`card_id`", "text", "quotes")),
    "number as category": Said(
        full_payment(merchant_category=5411),
        "wrong_type",
        ("`merchant_category`", "text or null", "5411 (int)", "in quotes"),
    ),
    "text as place": Said(
        full_payment(lat="48,2", lon="16,3"),
        "wrong_type",
        ("`lat`", "number or null", "'48,2'", "without quotes"),
    ),
    "null as currency": Said(payment(currency=None), "wrong_type", ("`currency`", "None (null)")),
    "seconds with a fraction": Said(
        payment(timestamp=1714564799.5), "wrong_type", ("`timestamp`", "milliseconds", "RFC 3339")
    ),
    "list as amount": Said(payment(amount=[1]), "wrong_type", ("`amount`", "decimal number")),
    "empty text": Said(payment(merchant_id=""), "bad_identifier", ("at least 1 character,",)),
    "long text": Said(
        payment(transaction_id="x" * 200),
        "bad_identifier",
        ("`transaction_id`", "at most 128 characters", "shorten"),
    ),
    "line break": Said(full_payment(city="a\nb"), "bad_identifier", ("`city`", "printable")),
    "seconds": Said(payment(timestamp=1714564799), "bad_timestamp", (RANGE, "like seconds")),
    "microseconds": Said(
        payment(timestamp=1714564799000000),
        "bad_timestamp",
        (RANGE, "1714564799000000", "like microseconds"),
    ),
    "nanoseconds": Said(
        payment(timestamp=1714564799000000000), "bad_timestamp", (RANGE, "like nanoseconds")
    ),
    "seconds in quotes": Said(
        payment(timestamp="1714564799"), "bad_timestamp", ("like seconds", "leave the quotes out")
    ),
    "milliseconds in quotes": Said(
        payment(timestamp="1714564799000"), "bad_timestamp", ("1714564799000", "without quotes")
    ),
    "no zone": Said(payment(timestamp="2024-05-01 12:00:00"), "bad_timestamp", ("add the zone",)),
    "day first": Said(payment(timestamp="01.05.2024"), "bad_timestamp", ("RFC 3339", "01.05.2024")),
    "wrong clock": Said(
        payment(timestamp="2024-06-01T12:00:00Z"),
        "bad_timestamp",
        (RANGE, "2024-06-01T12:00:00.000Z", "clock"),
    ),
    "small letters": Said(payment(currency="eur"), "bad_currency", ("`currency`", "capitals")),
    "abbreviation of a zone": Said(
        payment(time_zone="CEST"), "bad_time_zone", ("`time_zone`", "IANA", "Europe/Berlin", "CEST")
    ),
    "zone in small letters": Said(
        payment(time_zone="europe/berlin"), "bad_time_zone", ("as the standard spells it",)
    ),
    "country in small letters": Said(
        payment(home_country="de"), "bad_home_country", ("`home_country`", "capitals", "'de'")
    ),
    "country in words": Said(
        payment(home_country="Germany"), "bad_home_country", ("ISO 3166-1", "such as DE")
    ),
    "sign": Said(payment(currency="€"), "bad_currency", ("ISO 4217", "'€'")),
    "three decimals": Said(payment(amount=12.345), "bad_amount", ("2 decimals at most", "12.345")),
    "float's residue": Said(
        payment(amount=0.1 + 0.2), "bad_amount", ("2 decimals at most", "0.30000000000000004")
    ),
    "decimals of yen": Said(
        payment(amount=1000.5, currency="JPY"), "bad_amount", ("0 decimals at most", "1000.5")
    ),
    "too much": Said(
        payment(amount=15685702110.09), "bad_amount", ("at most 10995116277.75", "15685702110.09")
    ),
    "refund": Said(payment(amount=-5), "bad_amount", ("zero or more", "'-5'", "refunds")),
    "refund as text": Said(payment(amount="-5.00"), "bad_amount", ("zero or more", "refunds")),
    "thousands": Said(payment(amount="1,234.50"), "bad_amount", ("12.34", "no blank, sign, comma")),
    "swapped places": Said(
        full_payment(lat=116.3, lon=39.9),
        "bad_coordinates",
        ("`lat`", "from -90 to 90", "116.3", "swapped"),
    ),
    "beyond the date line": Said(
        full_payment(lat=0, lon=181), "bad_coordinates", ("`lon`", "from -180 to 180", "181")
    ),
    "latitude alone": Said(payment(lat=48.2), "bad_coordinates", ("both or neither", "lon None")),
    "endless place": Said(
        json.dumps(full_payment()).replace("50.94", "1e400").encode(),
        "bad_coordinates",
        ("`lat`", "from -90 to 90", "no float64"),
    ),
    "text as attribute": Said(
        payment(attributes={"V1": 1.0, "V2": "1.5"}),
        "bad_attributes",
        ("`attributes` 'V2'", "number", "'1.5'"),
    ),
    "attribute too large": Said(
        payment(attributes={"V1": 1.0, "V2": 1e39}),
        "bad_attributes",
        ("`attributes` 'V2'", "float32", "1e+39"),
    ),
    "endless attribute": Said(
        json.dumps(payment(attributes={"V1": 1.5})).replace("1.5", "1e400").encode(),
        "bad_attributes",
        ("`attributes`", "no float64"),
    ),
    "too many attributes": Said(
        payment(attributes={f"V{i}": 1 for i in range(300)}),
        "bad_attributes",
        ("at most 256 attributes", "got 300"),
    ),
    "long name": Said(
        payment(attributes={"x" * 65: 1}), "bad_attributes", ("name", "at most 64 characters")
    ),
    "empty name": Said(payment(attributes={"": 1}), "bad_attributes", ("at least 1 character,",)),
    "list of attributes": Said(
        payment(attributes=[1.0]), "bad_attributes", ("an object of numbers", "[1.0]")
    ),
    "card number": Said(
        payment(card_id="4111 1111 1111 1111"),
        "card_number",
        ("`card_id`", "token"),
        b"4111 1111 1111 1111",
    ),
    "card number elsewhere": Said(
        payment(customer_id="4111111111111111"),
        "card_number",
        ("`customer_id`", "network", "letter in front"),
    ),
    "verification code": Said(payment(cvv="123"), "card_data", ("`cvv`", "verification code")),
    "PIN": Said(payment(pinBlock="3FA9B1C0D2E4F511"), "card_data", ("`pinBlock`", "a PIN")),
    "no key": Said(payment(), "missing_key", ("record key", "`card_id`", "no key"), None),
    "another key": Said(payment(), "key_mismatch", ("b'other'", "'card-4711'"), b"other"),
}


@pytest.mark.parametrize("case", PAYMENTS)
def test_the_sentence_on_a_payment_is_right(case: str) -> None:
    """Code, and every word that the sender needs."""
    said = PAYMENTS[case]
    with pytest.raises(EventError) as caught:
        parse_transaction(as_bytes(said.sent), said.key, NOW_MS)
    held(caught.value, said.code, said.says)


def held(error: EventError, code: str, says: tuple[str, ...]) -> None:
    """Hold a refusal to its code and its words, and to what no user should have to read."""
    assert error.code == code, error.sentence
    for words in says:
        assert words in error.sentence, error.sentence
    for words in ("4111", "[...]", "expected str", "expected float"):
        assert words not in error.sentence, error.sentence


LABELS: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "one": ({"is_fraud": 1}, "wrong_type", ("`is_fraud`", "true or false", "1 (int)")),
    "text": ({"is_fraud": "true"}, "wrong_type", ("`is_fraud`", "true or false", "without quotes")),
    "swapped": (
        {"label_time": NOW_MS - 10_000},
        "bad_timestamp",
        ("`label_time`", "from 2024-05-01T11:59:59.000Z", "swapped"),
    ),
    "seconds": ({"label_time": NOW_MS // 1000}, "bad_timestamp", ("`label_time`", "like seconds")),
    "no source": ({"source": ""}, "bad_identifier", ("`source`", "at least 1 character,")),
    "number": ({"source": "4111111111111111"}, "card_number", ("`source`", "no card number")),
}


@pytest.mark.parametrize("case", LABELS)
def test_the_sentence_on_a_label_is_right(case: str) -> None:
    """In the words of payments."""
    changes, code, says = LABELS[case]
    with pytest.raises(EventError) as caught:
        parse_label(json.dumps(label(**changes)).encode(), KEY)
    held(caught.value, code, says)


def newer_decision() -> None:
    """Read what a later release wrote."""
    decode_decision(encode_decision(decision(schema_version=9)))


def negative_level() -> None:
    """Read a decision with a level of another system."""
    decode_decision(encode_decision(decision()).replace(b'"HIGH"', b'"SEVERE"'))


def infinite_feature() -> None:
    """Write a feature that was divided by zero."""
    encode_features(np.array([[1.0, np.inf]], dtype=np.float32))


def features_of_texts() -> None:
    """Read features that another tool wrote."""
    decision_features(decision(features=msgspec.Raw(b'["1.0"]')))


def table_without_a_column() -> None:
    """Check a file without merchants."""
    check_table(pa.table({"transaction_id": ["t1"], "card_id": ["c1"]}))


OWN: list[tuple[Callable[[], None], str, tuple[str, ...]]] = [
    (newer_decision, "bad_version", ("decision `schema_version`", "expected 1", "got 9")),
    (negative_level, "bad_value", ("`risk_level`", "SEVERE")),
    (infinite_feature, "bad_features", ("features[1]", "finite number or NaN", "inf")),
    (features_of_texts, "bad_features", ("decision `features`", "array of float32")),
    (table_without_a_column, "bad_table", ("the column `timestamp_ms`", "card_id")),
]


@pytest.mark.parametrize(("act", "code", "says"), OWN)
def test_the_sentence_on_our_own_events_is_right(
    act: Callable[[], None], code: str, says: tuple[str, ...]
) -> None:
    """What operators and data scientists meet."""
    with pytest.raises(EventError) as caught:
        act()
    held(caught.value, code, says)


ELSEWHERE = {
    "id_reused": "tests/integration/test_dead_letters.py",
    "internal_error": "tests/unit/jobs/test_contained.py",
}
"""Codes that no event by itself can give, and where their sentence is tested."""


def test_every_reason_is_here() -> None:
    """A new code needs a value that users send, and a sentence that helps them."""
    codes = {said.code for said in PAYMENTS.values()}
    codes |= {code for _, code, _ in LABELS.values()} | {code for _, code, _ in OWN}
    assert codes | ELSEWHERE.keys() == set(REASONS)
