"""parse_transaction and encode_transaction."""

import json
import pickle
import time
from typing import Any

import pytest

from events.errors import REASONS, EventError
from events.transaction import Transaction, encode_transaction, parse_transaction
from events.wire import MAX_DEPTH, MAX_EVENT_BYTES
from tests.unit.events.cases import BAD, GOOD
from tests.unit.events.samples import CARD, NOW_MS, full_payment, parse, payment

PAN = "4111111111111111"


def refusal(value: Any, key: bytes | None = CARD.encode()) -> EventError:
    """Return the error with which a payment is refused."""
    with pytest.raises(EventError) as caught:
        parse(value, key)
    return caught.value


def key_of(fields: Any) -> bytes:
    """Return the record key that belongs to the fields, as far as there is one."""
    card = fields.get("card_id", CARD) if isinstance(fields, dict) else CARD
    return card.encode() if isinstance(card, str) else CARD.encode()


def nested(depth: int) -> bytes:
    """Return a payment whose unknown field makes it nest `depth` levels deep."""
    inner = "[" * (depth - 1) + "]" * (depth - 1)
    return (json.dumps(payment())[:-1] + f', "x": {inner}}}').encode()


@pytest.mark.parametrize("name", GOOD)
def test_good_payment_survives_the_round_trip(name: str) -> None:
    """What is accepted is encoded and read back as the same payment."""
    fields = GOOD[name]
    first = parse(fields, key_of(fields))
    assert parse(encode_transaction(first), key_of(fields)) == first


@pytest.mark.parametrize("name", BAD)
def test_bad_payment_is_refused_with_its_code(name: str) -> None:
    """Each refusal has the stated code and a sentence with its four parts."""
    case = BAD[name]
    error = refusal(case.fields, key_of(case.fields))
    assert error.code == case.code
    assert ": expected " in error.sentence
    assert ", got " in error.sentence
    assert len(error.sentence) < 500


def test_every_field_is_read() -> None:
    """Each wire field lands in the field of its name, in the unit of its name."""
    assert parse(full_payment()) == Transaction(
        transaction_id="tx-1",
        card_id=CARD,
        timestamp_ms=NOW_MS - 1000,
        amount_minor=1234,
        currency="EUR",
        merchant_id="merchant-1",
        merchant_category="5411",
        channel="online",
        country="DE",
        city="Köln",
        lat=50.94,
        lon=6.96,
        customer_id="customer-1",
        device_id="device-1",
        ip_token="ip-1",
        time_zone="Europe/Vienna",
        home_country="AT",
        attributes={"V1": -1.5, "V2": 3.0e-7},
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\xff\xfe", "not_utf8"),
        (b'{"x": "\xed\xa0\x80"}', "not_utf8"),
        (b'{"\xff": 1}', "not_utf8"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"{", "not_json"),
        (b"{'card_id': 1}", "not_json"),
        (b'{"x": "\\ud800"}', "not_json"),
        (b'{"x": 01}', "not_json"),
        (b'{"x": "\n"}', "not_json"),
        (b"{} {}", "not_json"),
        (b"card,amount\n1,2", "not_json"),
        (b'{"amount": NaN}', "bad_amount"),
        (b'{"amount" : -Infinity}', "bad_amount"),
        (b"0" * (1024 * 1024), "too_large"),
        (b"[" * MAX_EVENT_BYTES, "too_deep"),
        (b'{"x":' * 5000, "too_deep"),
        (b'{"amount": ' + b"9" * 60_000 + b"}", "missing_field"),
    ],
)
def test_bytes_that_are_no_payment(value: bytes | None, code: str) -> None:
    """What is not even JSON has a code of its own."""
    with pytest.raises(EventError) as caught:
        parse_transaction(value, b"card", NOW_MS)
    assert caught.value.code == code


def test_nesting_is_allowed_up_to_the_limit() -> None:
    """Brackets inside of texts do not count."""
    assert parse(nested(MAX_DEPTH)).card_id == CARD
    assert refusal(nested(MAX_DEPTH + 1)).code == "too_deep"
    assert parse(payment(note="[{" * 1000)).card_id == CARD
    assert parse(payment(note=[[]] * 100)).card_id == CARD


def test_size_is_allowed_up_to_the_limit() -> None:
    """64 KiB is accepted, one byte more is not."""
    bare = len(json.dumps(payment(note="")))
    fill = MAX_EVENT_BYTES - bare
    assert parse(payment(note="x" * fill)).card_id == CARD
    assert refusal(payment(note="x" * (fill + 1))).code == "too_large"


def test_a_field_given_twice_counts_with_its_last_value() -> None:
    """Like in most JSON readers, and never a crash."""
    value = json.dumps(payment())[:-1] + ', "amount": 99}'
    assert parse(value.encode()).amount_minor == 9900


@pytest.mark.parametrize(
    ("key", "code"),
    [(None, "missing_key"), (b"", "key_mismatch"), (b"card-1", "key_mismatch")],
)
def test_the_key_is_the_card(key: bytes | None, code: str) -> None:
    """A record without its card's key would break the order of its payments."""
    assert refusal(payment(), key).code == code


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        (payment(card_id=PAN), PAN.encode()),
        (payment(), PAN.encode()),
        (payment(currency=PAN), CARD.encode()),
        (payment(timestamp=PAN), CARD.encode()),
        (payment(lat=float(PAN), lon=0), CARD.encode()),
        (payment(amount="4111-1111-1111-1111"), CARD.encode()),
        (PAN.encode() + b"{", CARD.encode()),
    ],
)
def test_no_sentence_repeats_a_card_number(fields: Any, key: bytes) -> None:
    """Wherever the number stood, in clear or spaced."""
    sentence = refusal(fields, key).sentence
    assert "4111" not in sentence


def test_a_number_that_only_looks_like_a_card_is_a_token() -> None:
    """Without a valid check digit it cannot be paid with."""
    card = "4111111111111112"
    assert parse(payment(card_id=card), card.encode()).card_id == card


def test_sentence_names_what_where_and_how() -> None:
    """The whole sentence, once, as people read it."""
    assert refusal(payment(amount=12.345)).sentence == (
        "`amount`: expected a whole number of minor units (2 decimals at most), got '12.345'; "
        "send the amount as a decimal in major units of the currency."
    )
    assert refusal(payment(card_id=4711)).sentence == (
        "`card_id`: expected a text, got 4711 (int); send the text in quotes."
    )


def test_amount_in_major_units() -> None:
    """For features that need a ratio and not a sum."""
    assert parse(payment(amount="12.34")).amount == 12.34
    assert parse(payment(amount=7, currency="JPY")).amount == 7.0


def test_error_survives_pickling() -> None:
    """It may cross a process boundary."""
    error = refusal(payment(amount=-1))
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.code, copy.sentence) == (error.code, error.sentence)


def test_every_code_used_is_declared() -> None:
    """Dashboards list REASONS."""
    assert {case.code for case in BAD.values()} <= set(REASONS)


def test_a_text_without_end_is_refused_in_no_time() -> None:
    """Nesting is counted in one pass, whatever quotes a text of 64 KB holds (it took 11 s)."""
    value = b'{"a":' + b"[]" * 40 + b'"' + b'\\"' * 32_000
    began = time.process_time()
    assert refusal(value).code == "not_json"
    assert time.process_time() - began < 1.0
