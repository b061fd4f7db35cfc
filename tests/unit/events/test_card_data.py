"""Card data anywhere in a record is refused, and what only looks like it is not."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.card_data.names import card_data_named
from events.card_data.scan import may_hold_card_data
from events.card_data.search import card_data
from events.errors import EventError
from events.label import parse_label
from events.transaction import parse_transaction
from tests.unit.events.refusals import KEY, refusal, written
from tests.unit.events.samples import NOW_MS, full_payment, label, parse, payment
from tests.unit.events.spellings import ISSUED, WHOLE, grouped, with_check_digit

NUMBER = "4111111111111111"
TEXT_FIELDS = sorted(name for name, value in full_payment().items() if isinstance(value, str))


@pytest.mark.parametrize("spelling", WHOLE)
@settings(max_examples=10)
@given(number=ISSUED, field=st.sampled_from([*TEXT_FIELDS, "unknown"]), ascii_only=st.booleans())
def test_every_spelling_in_every_text_is_refused_and_masked(
    spelling: str, number: str, field: str, ascii_only: bool
) -> None:
    """As text of any field, escaped or not; nothing that is written keeps a run of its digits."""
    text = WHOLE[spelling](number)
    fields = full_payment(**{field: text})
    value = json.dumps(fields, ensure_ascii=ascii_only).encode()
    key = text.encode() if field == "card_id" else KEY
    with pytest.raises(EventError) as caught:
        parse_transaction(value, key, NOW_MS)
    if field not in ("timestamp", "currency"):
        assert caught.value.code in ("card_number", "bad_identifier")
    letter = written(caught.value, key, value)
    assert text.encode() not in letter
    assert json.dumps(text)[1:-1].encode() not in letter
    assert number.encode() not in letter
    assert grouped(number, " ").encode() not in letter


PLACES: dict[str, Any] = {
    "number": payment(order=int(NUMBER)),
    "float": payment(order=float(NUMBER)),
    "nested": payment(raw={"a": [{"b": [NUMBER]}]}),
    "nested number": payment(raw={"a": [[int(NUMBER)]]}),
    "name": payment(**{NUMBER: True}),
    "nested name": payment(raw={f"card {NUMBER}": 1}),
    "attribute": full_payment(attributes={"V1": float(NUMBER)}),
    "attribute name": full_payment(attributes={NUMBER: 1.0}),
    "free text": payment(city="card 4111 1111 1111 1111 exp 12/27"),
    "free text at both ends": payment(city=f"PAN{NUMBER}exp1227"),
    "two numbers": payment(city="5555555555554444 4111111111111111"),
    "text in JSON in text": payment(raw=json.dumps({"pan": NUMBER})),
    "comma list": payment(city=f"12,{NUMBER},7"),
    "thousands in a text": payment(city="no 4,111,111,111,111,111.00 paid"),
    "exponent in a text": payment(city="pan=4.111111111111111e+15;"),
    "amount": payment(amount=int(NUMBER)),
    "token that is none": payment(customer_id=f"tok_{NUMBER}"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_number_anywhere_is_refused(place: str) -> None:
    """Known and unknown fields, numbers, names, and inside of longer texts."""
    error = refusal(PLACES[place])
    assert error.code == "card_number"
    assert NUMBER.encode() not in written(error, KEY, json.dumps(PLACES[place]).encode())


def test_a_number_in_a_shadowed_field_is_refused() -> None:
    """The decoder sees the last value of a name, the bytes hold the first."""
    whole = json.dumps(full_payment())
    for first in (
        f'{{"city":"{NUMBER}",',
        f'{{"timestamp":{NUMBER},',
        '{"attributes":{"cvv":123},',
    ):
        error = refusal((first + whole[1:]).encode())
        assert error.code in ("card_number", "card_data")


def test_escapes_in_names_and_texts_are_read() -> None:
    """A name or a digit written as an escape is still the name or the digit."""
    error = refusal(json.dumps(payment(x="A")).replace('"A"', r'"\u0034111111111111111"').encode())
    assert error.code == "card_number"
    error = refusal(json.dumps(payment(x="123")).replace('"x"', r'"c\u0076v"').encode())
    assert error.code == "card_data"


def test_a_number_in_the_key_is_refused() -> None:
    """The key is a card's name too, whoever issues the number."""
    number = with_check_digit("999999999999999")
    for key in (NUMBER, grouped(NUMBER, " "), number):
        error = refusal(payment(), key.encode())
        assert (error.code, error.sentence.split(":")[0]) == ("card_number", "record key")
        assert key.encode() not in written(error, key.encode(), b"{}")


NAMED: dict[str, Any] = {
    "cvv": "123",
    "CVV2": 123,
    "cardCvc": "1234",
    "card_verification_value": "12 3",
    "security-code": 987,
    "csc": "123",
    "cid": "1234",
    "pin": "0042",
    "PIN": 42,
    "PinBlock": "3FA9B1C0D2E4F511",
    "encrypted_pin_block": "3FA9B1C0D2E4F511",
    "track1": "B4111111111111112",
    "track_2_data": ";41111111=2512",
    "magStripe": "4111 1111 25",
    "Track2EquivalentData": "41111111D2512",
    "DE35": "41111111=2512",
    "pan": "4111111111111112",
    "cardNumber": "4111 1111 1111 1112",
    "primary_account_number": 4111111111111112,
}


@pytest.mark.parametrize("name", NAMED)
def test_card_data_by_its_name_is_refused(name: str) -> None:
    """At the top, further down, in a list and below a name, with any number of digits."""
    value = NAMED[name]
    for fields in (
        payment(**{name: value}),
        payment(raw={"card": {name: value}}),
        payment(**{name: [value]}),
        payment(**{name: {"value": value}}),
    ):
        error = refusal(fields)
        assert error.code == "card_data"
        assert name in error.sentence or "value" in error.sentence
        raw = json.dumps(fields).encode()
        assert json.dumps(value).strip('"').encode() not in written(error, KEY, raw)


@pytest.mark.parametrize("name", ["cvv", "PIN", "cvc2"])
def test_an_attribute_may_not_be_a_code(name: str) -> None:
    """Attributes pass through to the model, their names are looked at."""
    assert refusal(full_payment(attributes={"V1": 1.0, name: 123.0})).code == "card_data"


FORMS = [
    "%B4111111111111112^DOE/JOHN^25121010000000?",
    ";4111111111111112=25121010000012300000?",
    "4111111111111112=2512",
    "4111111111111112D25121010000000000",
    "cvv 123",
    "CVC2: 1234",
]


@pytest.mark.parametrize("form", FORMS)
def test_card_data_by_its_form_is_refused(form: str) -> None:
    """Track data and codes in a text of any name, the number in it right or wrong."""
    error = refusal(payment(city=f"read {form}"))
    assert error.code == "card_data"
    letter = written(error, KEY, json.dumps(payment(city=f"read {form}")).encode())
    assert form.encode() not in letter
    assert b"4111111111111112" not in letter


NO_CARD_DATA: dict[str, Any] = {
    "milliseconds": payment(created=1714564800000, at="1714564800000"),
    "microseconds": payment(created=1714564800000000),
    "nanoseconds": payment(created=1714564800000000000),
    "dates": payment(note="2024-05-01 12:00:00.123456", due="30.05.2024 12:00:00.1234"),
    "UUID of digits": payment(device_id="40000000-1234-4123-8123-412345678901"),
    "hash of digits": payment(device_id="e3b0c44298fc14000000000000000214c8996fb92427ae41e4649b"),
    "hash with a word in front of digits": payment(transaction_id=f"0d3b{NUMBER}"),
    "hash with an exponent behind digits": payment(transaction_id="5d00b6683873806956e1"),
    "id with a letter": payment(transaction_id=f"t{NUMBER}"),
    "hash with a word in it": payment(
        device_id="e3cc4111111111111111", ip_token="69f2762dcfa370400b676001626578e0"
    ),
    "id of a data set": payment(merchant_id=f"merchant--{NUMBER}", channel=f"terminal-{NUMBER}"),
    "wrong check digit": payment(customer_id="4111111111111112"),
    "no network's": payment(customer_id=with_check_digit("999999999999999")),
    "address": payment(ip_token="192.168.100.200"),
    "phone": payment(phone="+43 664 1234567"),
    "floats": full_payment(
        lat=45.39807133673812,
        attributes={f"V{i}": -4.5398071336738 / (i + 1) for i in range(28)},
    ),
    "float that begins like a card": full_payment(attributes={"V1": 0.4111111111111111}),
    "largest amount": payment(amount="1099511627775", currency="JPY"),
    "amount of twelve digits": payment(amount=501800000009, currency="JPY"),
    "PIN was verified": payment(pin=True, pin_verified=1, cvv_result="M", cvv="***", cid="c-17"),
    "flag": full_payment(attributes={"pin": 1.0, "cvv": 0.0}),
    "last digits": payment(pan="411111******1111", card={"last4": "1111"}),
    "spans": payment(
        timespan="1234", spin="1234", company="1234", track_id=7, track_number=12, pincode="560001"
    ),
}


@pytest.mark.parametrize("case", NO_CARD_DATA)
def test_what_only_looks_like_card_data_is_accepted(case: str) -> None:
    """Times, amounts, floats, hashes, results: nothing that people send every day is refused."""
    parse(NO_CARD_DATA[case])


@given(st.integers(946_684_800_000, NOW_MS + 86_400_000), st.integers(0, 10_995_116_277_75))
def test_no_time_and_no_amount_is_a_card_number(time_ms: int, cents: int) -> None:
    """Every time and every amount that the wire takes is taken."""
    parse(payment(timestamp=time_ms, amount=f"{cents // 100}.{cents % 100:02d}"))
    parse_label(json.dumps(label(timestamp=time_ms, label_time=4_222_222_222_222)).encode(), KEY)


@given(ISSUED, st.sampled_from(["source", "merchant_id", "note"]))
def test_a_number_in_a_label_is_refused(number: str, field: str) -> None:
    """Labels are looked at as payments are."""
    with pytest.raises(EventError) as caught:
        parse_label(json.dumps(label(**{field: number})).encode(), KEY)
    assert caught.value.code == "card_number"


@given(ISSUED, st.sampled_from(sorted(WHOLE)), st.booleans())
def test_the_fast_test_misses_nothing(number: str, spelling: str, ascii_only: bool) -> None:
    """Where it says no, no spelling stands in the bytes."""
    value = json.dumps({"x": WHOLE[spelling](number)}, ensure_ascii=ascii_only).encode()
    assert may_hold_card_data(value)


@pytest.mark.parametrize("time_ms", [946_684_800_000, 1_001_001_001_001, 1_714_564_800_000])
@given(st.from_regex(r"5[06-8][0-9]{10,11}", fullmatch=True))
def test_a_time_is_no_reason_to_look_and_hides_no_number(time_ms: int, number: str) -> None:
    """As many runs of 12 or 13 digits as there are times are these; one more may be a card."""
    value = json.dumps({"timestamp": time_ms, "amount": 1}).encode()
    assert not may_hold_card_data(value, times=1)
    for pair in ({"timestamp": time_ms, "x": number}, {"x": number, "timestamp": time_ms}):
        found = may_hold_card_data(json.dumps(pair).encode(), times=1)
        assert found == may_hold_card_data(json.dumps({"x": number}).encode())


def test_the_fast_test_knows_every_character_between_digits() -> None:
    """Each character of Unicode that may stand between digits, or is one, leads to a close look."""
    for code in (*range(0x80, 0x20000), *range(0xE0000, 0xE0200)):
        char = chr(code)
        digit = unicodedata.digit(char, None)
        text = NUMBER.replace("1", char) if digit == 1 else grouped(NUMBER, char)
        if card_data(text) and not 0xD800 <= code < 0xE000:
            assert may_hold_card_data(text.encode()), hex(code)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cvv", "code"),
        ("Card_CVV2_Value", "code"),
        ("cardVerificationCode", "code"),
        ("PINBlock", "pin"),
        ("Track2", "track"),
        ("ccNumber", "number"),
        ("card", None),
        ("merchant_id", None),
        ("cvv_result", None),
        ("acid", None),
        ("", None),
    ],
)
def test_names_in_every_case_are_known(name: str, kind: str | None) -> None:
    """Camel case, underscores and capitals; the last words count."""
    assert card_data_named(name) == kind
