"""Card data is masked in whatever is written: dead letters, sentences, records of any encoding."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.card_data.masking import masked_bytes, masked_key, masked_line
from events.errors import show
from tests.unit.events.refusals import KEY, refusal, written
from tests.unit.events.samples import payment
from tests.unit.events.spellings import ISSUED, WHOLE, grouped, with_check_digit

NUMBER = "4111111111111111"
ENCODINGS = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(number=ISSUED)
def test_a_record_in_any_encoding_is_masked(encoding: str, number: str) -> None:
    """What no reader here understands is still written down, without the number."""
    for text in (number, grouped(number, " "), f'{{"pan":"{number}"}}'):
        value = text.encode(encoding)
        hidden = masked_bytes(b"\xff" + value + b"\xfe")
        for place in (value, hidden, hidden[1:], hidden[1:] + b"\0"):
            if place is not value:
                assert number not in place.decode(encoding, "ignore").replace(" ", "")
        assert len(hidden) == len(value) + 2


def test_full_width_digits_in_utf_16_are_masked() -> None:
    """Each order of the bytes."""
    text = WHOLE["digits from '\\uff10'"](NUMBER)
    for encoding in ("utf-16-le", "utf-16-be"):
        value = f'{{"x":"{text}"}}'.encode(encoding)
        assert text not in masked_bytes(value).decode(encoding)


@given(st.binary(max_size=200), st.sets(st.just(NUMBER)))
def test_bytes_without_card_data_come_back(value: bytes, known: set[str]) -> None:
    """Whatever they are; and a key is masked like a value."""
    if not any(48 <= byte < 58 or byte >= 0xF0 for byte in value):
        assert masked_bytes(value, known) == value == masked_key(value)


def test_a_refused_card_is_masked_wherever_it_stands() -> None:
    """A number that no network issues names the card, so it is hidden in every other field."""
    number = with_check_digit("999999999999999")
    fields = payment(card_id=number, customer_id=grouped(number, "-"), note=f"card {number}")
    error = refusal(fields, number.encode())
    assert error.code == "card_number"
    letter = written(error, number.encode(), json.dumps(fields).encode())
    assert number.encode() not in letter and grouped(number, "-").encode() not in letter
    assert base64.b64encode(number.encode())[:20] not in letter


def test_every_dead_letter_is_masked() -> None:
    """Also where the record is refused for another reason, in front of the card's data."""
    for value in (
        b'{"cvv":"123","pan":"4111111111111111"',
        b"card,4111111111111111,cvv 123",
        json.dumps(payment(currency="EURO", cvv="123", city=NUMBER)).encode(),
        b'{"pin":"1234"}' + b" " * 70_000,
    ):
        error = refusal(value)
        letter = written(error, KEY, value)
        assert NUMBER.encode() not in letter
        assert b'"123"' not in letter and b'"1234"' not in letter and b"cvv 123" not in letter


def test_sentences_hide_card_data() -> None:
    """Whatever is shown, in whatever spelling; a time in milliseconds is shown."""
    for spelling, spell in WHOLE.items():
        text = spell(NUMBER)
        for shown in (show(text), show([text]), show({"x": text}), show(text.encode())):
            assert text not in shown and NUMBER not in shown, spelling
    assert "1714564800000" in show("1714564800000")
    assert "123" not in show('{"cvv":"123"}')
    assert "411111111111111" not in masked_line("not 4111111111111112")


def test_hostile_texts_are_judged_in_time() -> None:
    """Single digits, quotes and brackets without end take no square of their length."""
    for text in ("4 " * 30_000, "4" * 60_000, '"",' * 20_000, '"4":' * 15_000, "B4 " * 20_000):
        masked_bytes(text.encode())
