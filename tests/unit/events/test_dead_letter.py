"""Dead letters and label receipts."""

import msgspec
import pytest

from events.dead_letter import (
    MAX_KEPT_BYTES,
    DeadLetter,
    dead_letter,
    decode_dead_letter,
    encode_dead_letter,
)
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


@pytest.mark.parametrize("field", ["key", "value"])
def test_a_record_of_somebody_elses_topic_is_cut_to_what_fits(field: str) -> None:
    """Else it could not be written, and the job would restart for ever."""
    longer = {"key": b"k", "value": b"v"} | {field: b"x" * (MAX_KEPT_BYTES + 7_000)}
    letter = refused(**longer)
    assert letter.cut_bytes == 7_000 and not letter.masked
    assert (letter.key, letter.value) == tuple(each[:MAX_KEPT_BYTES] for each in longer.values())
    largest = refused(b"x" * (20 * MAX_KEPT_BYTES), b"x" * (20 * MAX_KEPT_BYTES))
    written = len(largest.key or b"") + len(encode_dead_letter(largest))
    assert written < DEAD_LETTERS.max_message_bytes
    assert refused(b"x" * MAX_KEPT_BYTES, b"x" * MAX_KEPT_BYTES).cut_bytes == 0


def test_no_part_of_a_card_number_stays_at_the_cut() -> None:
    number = b'"4111 1111 1111 1111"'
    value = b" " * (MAX_KEPT_BYTES - 10) + number + b" " * 5_000
    letter = refused(b"k", value)
    assert letter.masked
    assert b"4111" not in (letter.value or b"")


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
