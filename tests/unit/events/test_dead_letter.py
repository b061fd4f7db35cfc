"""Dead letters and label receipts."""

import msgspec
import pytest

from events.dead_letter import DeadLetter, dead_letter, decode_dead_letter, encode_dead_letter
from events.errors import EventError, refuse, show
from events.receipt import decode_receipt, encode_receipt
from events.topics import DEAD_LETTERS, TRANSACTIONS
from tests.unit.events.samples import NOW_MS, receipt

ERROR = EventError("not_json", "payment: expected JSON, got 'x'; write JSON.")


def refused(key: bytes | None, value: bytes | None) -> DeadLetter:
    """Return the dead letter of a record with this key and value."""
    return dead_letter(
        ERROR, topic="transactions", partition=2, offset=7, key=key, value=value, time_ms=NOW_MS
    )


@pytest.mark.parametrize("key", [None, b"", b"card\xff"])
@pytest.mark.parametrize("value", [None, b"", bytes(range(256))])
def test_original_bytes_come_back(key: bytes | None, value: bytes | None) -> None:
    """Nothing and empty stay apart."""
    letter = refused(key, value)
    got = decode_dead_letter(encode_dead_letter(letter))
    assert got == letter
    assert (got.key, got.value) == (key, value)
    assert (got.code, got.sentence) == (ERROR.code, ERROR.sentence)


def test_the_largest_record_fits() -> None:
    """A megabyte of nothing, as value or as key, fits the topic of dead letters."""
    nothing = bytes(TRANSACTIONS.max_message_bytes)
    assert len(encode_dead_letter(refused(nothing, nothing))) < DEAD_LETTERS.max_message_bytes


def test_receipt_round_trip() -> None:
    """Every field comes back."""
    assert decode_receipt(encode_receipt(receipt())) == receipt()


def test_nothing_is_no_event() -> None:
    """An empty value of our own topics is refused like one from outside."""
    with pytest.raises(EventError) as caught:
        decode_receipt(b"")
    assert caught.value.code == "empty"


def test_a_code_must_be_declared() -> None:
    """A typo in a code fails in the test of its refusal."""
    with pytest.raises(KeyError, match="REASONS"):
        refuse("no_such_code", "a", "b", "c", "d")


def test_shown_values_are_short() -> None:
    """Whatever is refused, a sentence stays a sentence."""
    assert len(show("x" * 1_000_000)) < 100
    assert len(show(list(range(1_000_000)))) < 100


@pytest.mark.parametrize("field", ["key_base64", "value_base64"])
def test_bytes_that_are_no_base64_are_refused(field: str) -> None:
    letter = msgspec.structs.replace(refused(b"key", b"value"), **{field: "é"})
    with pytest.raises(EventError, match=f"{field}.*base64") as caught:
        decode_dead_letter(encode_dead_letter(letter))
    assert caught.value.code == "bad_value"
