"""parse_label and encode_label."""

import json
from typing import Any

import pytest

from events.errors import EventError
from events.label import encode_label, parse_label
from tests.unit.events.samples import CARD, NOW_MS, label, parsed_label

BAD = {
    "missing source": ("missing_field", label(source=...)),
    "number for a truth value": ("wrong_type", label(is_fraud=1)),
    "before its payment": ("bad_timestamp", label(label_time=NOW_MS - 1001)),
    "no zone": ("bad_timestamp", label(label_time="2024-05-01T12:00:00")),
    "empty merchant": ("bad_identifier", label(merchant_id="")),
    "control character": ("bad_identifier", label(source="a\u0000")),
    "card number": ("card_number", label(card_id="5500005555555559")),
    "list": ("not_an_object", [label()]),
}


def test_label_is_read() -> None:
    """Integer and RFC 3339 times, unknown fields, round trip."""
    key = CARD.encode()
    fields = label(label_time="2024-05-01T12:00:00Z", note="späte Meldung")
    assert parse_label(json.dumps(fields).encode(), key) == parsed_label()
    assert parse_label(encode_label(parsed_label()), key) == parsed_label()


@pytest.mark.parametrize("name", BAD)
def test_label_is_refused(name: str) -> None:
    """With the same codes as a payment."""
    code, fields = BAD[name]
    card: Any = fields["card_id"] if isinstance(fields, dict) else CARD
    with pytest.raises(EventError) as caught:
        parse_label(json.dumps(fields).encode(), card.encode())
    assert caught.value.code == code


@pytest.mark.parametrize(("key", "code"), [(None, "missing_key"), (b"x", "key_mismatch")])
def test_label_is_keyed_like_its_payment(key: bytes | None, code: str) -> None:
    """Otherwise it would not meet its payment's card."""
    with pytest.raises(EventError) as caught:
        parse_label(json.dumps(label()).encode(), key)
    assert caught.value.code == code
