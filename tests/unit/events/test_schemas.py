"""The published JSON Schemas against what is encoded and what is parsed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from events.alert import Alert, encode_alert
from events.dead_letter import DeadLetter, dead_letter, encode_dead_letter
from events.decision import Decision, encode_decision
from events.errors import REASONS, EventError
from events.label import encode_label
from events.money import EXPONENTS
from events.receipt import LabelReceipt, encode_receipt
from events.schemas import DOCUMENTS, make_schema, write_schemas
from events.transaction import encode_transaction
from events.zones import ZONE_OF_COUNTRY, ZONES
from tests.unit.events.cases import BAD, GOOD
from tests.unit.events.samples import (
    CARD,
    NOW_MS,
    alert,
    decision,
    full_payment,
    label,
    parse,
    parsed_label,
    receipt,
)

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
NAMES = tuple(DOCUMENTS)
LONGEST_SENTENCE = 25


def schema(name: str) -> dict[str, Any]:
    """Return one published schema."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


VALIDATORS = {name: Draft202012Validator(schema(name)) for name in NAMES}


def letter() -> DeadLetter:
    """Return a dead letter with both key and value."""
    error = EventError("not_json", "payment: expected JSON, got 'x'; write JSON.")
    place: dict[str, Any] = {"topic": "transactions", "partition": 0, "offset": 1}
    return dead_letter(error, **place, key=b"\xff", value=b"x", time_ms=NOW_MS)


ENCODED = {
    "transaction": encode_transaction(parse(full_payment())),
    "label": encode_label(parsed_label()),
    "decision": encode_decision(decision(sequences={"country": 3})),
    "alert": encode_alert(alert()),
    "dead-letter": encode_dead_letter(letter()),
    "label-receipt": encode_receipt(receipt()),
}

WRONG: dict[str, dict[str, Any]] = {
    "label": {
        "is_fraud": 1,
        "source": "",
        "label_time": "2024-05-01T12:00:00",
        "timestamp": 1_714_564_800,
        "card_id": "x" * 129,
    },
    "decision": {
        "probability": 1.5,
        "risk_level": "NONE",
        "flags": ["odd"],
        "features": ["NaN"],
        "payment": "text",
        "model": "ensemble",
        "model_scores": {"forest": None},
        "amount_minor": -1,
        "schema_version": 2,
    },
    "alert": {
        "risk_level": "LOW",
        "reasons": [{"feature": "a", "value": 1.0}],
        "currency": "euro",
        "city": "",
        "decided_ms": "now",
        "schema_version": 2,
    },
    "dead-letter": {
        "code": "unheard_of",
        "value_base64": "not base64!",
        "offset": -1,
        "topic": "",
        "sentence": None,
    },
    "label-receipt": {
        "merchant_sequence": -1,
        "payment": "perhaps",
        "is_fraud": "yes",
        "label_time_ms": 12.5,
        "schema_version": "1",
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_well_formed(name: str) -> None:
    """A schema of draft 2020-12 under its own name."""
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"] == f"urn:cardwatch:schema:{name}:1"


@pytest.mark.parametrize("name", NAMES)
def test_published_schema_is_what_the_types_say(name: str, tmp_path: Path) -> None:
    """Changed types want `python -m events.schemas docs/schemas`."""
    write_schemas(tmp_path)
    made = (tmp_path / f"{name}.json").read_text(encoding="utf-8")
    assert (SCHEMAS / f"{name}.json").read_text(encoding="utf-8") == made
    assert json.loads(made) == make_schema(name)


def described(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of one schema, those of nested objects too."""
    made = schema(name)
    for part in (made, *made.get("$defs", {}).values()):
        yield from part["properties"].items()


@pytest.mark.parametrize("name", NAMES)
def test_each_property_has_a_description_that_stands_alone(name: str) -> None:
    """Short sentences, no word that points outside, and the unit of a time."""
    for field, entry in described(name):
        text = entry["description"]
        sentences = re.split(r"(?<=\.) (?=[A-Za-z-])", text)
        assert text.endswith("."), field
        assert len(sentences[0].split()) >= 3, field
        assert max(len(one.split()) for one in sentences) <= LONGEST_SENTENCE, (field, text)
        assert not re.match(r"(Its|Their|Of|See|As in|It|This|Those)\b", text), field
        if field.endswith("_ms") or field in ("timestamp", "label_time"):
            assert "milliseconds since 1970-01-01 UTC" in text.replace("Millis", "millis"), field


def test_no_schema_is_forgotten() -> None:
    """Each file in the folder is tested here."""
    assert sorted(path.stem for path in SCHEMAS.glob("*.json")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_encoded_event_validates(name: str) -> None:
    """With exactly the properties that the schema declares."""
    event = json.loads(ENCODED[name])
    VALIDATORS[name].validate(event)
    assert set(event) == set(schema(name)["properties"])


@pytest.mark.parametrize("name", NAMES)
def test_each_required_field_is_required(name: str) -> None:
    """Leaving one out fails; the other fields may be left out."""
    event = json.loads(ENCODED[name])
    for field in schema(name)["required"]:
        rest = {key: value for key, value in event.items() if key != field}
        assert not VALIDATORS[name].is_valid(rest), field


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, fields in WRONG.items() for field in fields]
)
def test_wrong_value_fails(name: str, field: str) -> None:
    """One wrong field in an event that is right otherwise."""
    event = json.loads(ENCODED[name]) | {field: WRONG[name][field]}
    assert not VALIDATORS[name].is_valid(event)


@pytest.mark.parametrize("case", GOOD)
def test_payment_schema_accepts_what_the_parser_accepts(case: str) -> None:
    """The table of good payments, as it stands on the wire."""
    fields = json.loads(json.dumps(GOOD[case]))
    parse(fields, fields["card_id"].encode())
    VALIDATORS["transaction"].validate(fields)


@pytest.mark.parametrize("case", BAD)
def test_payment_schema_refuses_what_it_can(case: str) -> None:
    """The table of bad payments; what a schema cannot express is marked there."""
    assert VALIDATORS["transaction"].is_valid(BAD[case].fields) != BAD[case].in_schema


def test_label_on_the_wire_validates() -> None:
    """With RFC 3339 times and an unknown field."""
    fields = label(label_time="2024-05-08T12:00:00.5+02:00", note="x")
    VALIDATORS["label"].validate(fields)
    assert CARD in json.dumps(fields)


def test_lists_in_schemas_are_those_of_the_code() -> None:
    """Currencies, zones, countries and reason codes are declared once, in the code."""
    properties = schema("transaction")["properties"]
    assert properties["currency"]["enum"] == sorted(EXPONENTS)
    assert properties["time_zone"]["enum"] == [*sorted(ZONES), None]
    assert properties["home_country"]["enum"] == [*ZONE_OF_COUNTRY, None]
    assert schema("dead-letter")["properties"]["code"]["enum"] == list(REASONS)


@pytest.mark.parametrize(
    ("name", "struct"),
    [
        ("decision", Decision),
        ("alert", Alert),
        ("dead-letter", DeadLetter),
        ("label-receipt", LabelReceipt),
    ],
)
def test_properties_are_the_fields(name: str, struct: Any) -> None:
    """In the same order, so that both are read side by side."""
    assert list(schema(name)["properties"]) == list(struct.__struct_fields__)
