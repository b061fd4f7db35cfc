"""What the job writes about the worst that it accepts or refuses, each reader of ours can read."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.alert import decode_alert, encode_alert
from events.dead_letter import dead_letter, decode_dead_letter, encode_dead_letter
from events.decision import decode_decision, encode_decision
from events.errors import EventError
from events.receipt import decode_receipt, encode_receipt
from events.topics import ALERTS, DEAD_LETTERS, DECISIONS, LABEL_RECEIPTS, TRANSACTIONS
from events.transaction import Transaction, encode_transaction, receive_transaction
from events.wire import MAX_DEPTH, MAX_EVENT_BYTES, MAX_TEXT
from features.card.transition import CardStep
from features.money.shipped import SHIPPED
from scoring.messages import ScoringRequest, pack, unpack_hand_over
from scoring.path import payment_path, visit
from scoring.steps import first_request
from tests.unit.events.samples import CARD, NOW_MS, alert, decision, full_payment, receipt

KEY = CARD.encode()
LONGEST = st.sampled_from(["x", "é", "漢", "\U0010ffff", '"', "\\", "/"]).map(
    lambda c: c * MAX_TEXT
)
DEEP = st.integers(0, MAX_DEPTH - 1).map(lambda depth: "[" * depth + "]" * depth or "1")
NUMBERS = st.sampled_from([3.4028234663852886e38, -3.4028234663852886e38, 5e-324, -0.0, 0.1])
ATTRIBUTES = st.builds(
    lambda count, number: {f"{i:03d}".rjust(64, "a"): number for i in range(count)},
    st.sampled_from([0, 1, 256]),
    NUMBERS,
)


def received(fields: dict[str, Any], deep: str, padding: int = 0) -> tuple[Transaction, bytes]:
    """Return a payment with a kept field that nests as `deep`, and blanks in front of its end."""
    value = json.dumps(fields)[:-1] + f',"kept":{deep},"dropped":{deep}' + " " * padding + "}"
    return receive_transaction(value.encode(), KEY, NOW_MS, {"kept"})


def scored_as(payment: Transaction) -> dict[str, Any]:
    """Return a payment's own texts and numbers, as its decision and its alert carry them."""
    names = ("transaction_id", "merchant_id", "timestamp_ms", "amount_minor", "currency")
    return {name: getattr(payment, name) for name in names}


@settings(max_examples=50)
@given(text=LONGEST, deep=DEEP, attributes=ATTRIBUTES)
def test_every_decision_and_alert_can_be_read(
    text: str, deep: str, attributes: dict[str, float]
) -> None:
    """Longest texts, most attributes, extreme numbers, and a kept field at the nesting limit."""
    fields = full_payment(transaction_id=text, merchant_id=text, city=text, attributes=attributes)
    payment, original = received(fields, deep)
    again = ScoringRequest(payment, original, b"", {"card": 1}, [], NOW_MS, "EUR", "2026-10-06")
    assert unpack_hand_over(pack(again)) == again

    made = decision(payment=msgspec.Raw(original), **scored_as(payment))
    read = decode_decision(written := encode_decision(made))
    assert bytes(read.payment) == original and read.transaction_id == text
    assert len(written) < DECISIONS.max_message_bytes
    kept = json.loads(bytes(read.payment))
    assert "dropped" not in kept and kept["kept"] == json.loads(deep)
    assert receive_transaction(original, KEY, NOW_MS, {"kept"}) == (payment, original)

    told = encode_alert(alert(city=payment.city, **scored_as(payment)))
    assert decode_alert(told).city == text
    assert len(told) < ALERTS.max_message_bytes
    learnt = encode_receipt(receipt(transaction_id=text, merchant_id=text))
    assert decode_receipt(learnt).transaction_id == text
    assert len(learnt) < LABEL_RECEIPTS.max_message_bytes


def test_the_decision_on_the_largest_payment_fits() -> None:
    """64 KiB to the byte, most of them an amount with 60,000 zeros behind its point."""
    value = json.dumps(full_payment(amount=1))[:-1].replace('"amount": 1', '"amount": 1.0')
    zeros = MAX_EVENT_BYTES - len(value.encode()) - 1
    value = value.replace('"amount": 1.0', '"amount": 1.0' + "0" * zeros) + "}"
    payment, original = receive_transaction(value.encode(), KEY, NOW_MS)
    assert len(original) == MAX_EVENT_BYTES
    written = encode_decision(decision(payment=msgspec.Raw(original)))
    assert bytes(decode_decision(written).payment) == original
    assert len(written) < DECISIONS.max_message_bytes
    assert payment.amount_minor == 100


def test_one_level_more_is_refused() -> None:
    """The limit of payments stays: what is deeper than a decision may be never gets into one."""
    with pytest.raises(EventError) as caught:
        received(full_payment(), "[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert caught.value.code == "too_deep"


@settings(max_examples=50)
@given(
    st.one_of(st.none(), st.binary(max_size=300), st.text('[{"4 1\\', max_size=300).map(str.encode))
)
def test_every_dead_letter_can_be_read(value: bytes | None) -> None:
    """Whatever the record was."""
    try:
        receive_transaction(value, KEY, NOW_MS)
    except EventError as error:
        letter = dead_letter(
            error, topic="t", partition=0, offset=0, key=value, value=value, time_ms=NOW_MS
        )
        assert decode_dead_letter(encode_dead_letter(letter)) == letter


@pytest.mark.parametrize("filling", [b"\0", b"4111111111111111 ", b'{"pan":"4', b"\xff4", b"4 "])
def test_the_dead_letter_of_the_largest_record_fits(filling: bytes) -> None:
    """A megabyte, as key or as value, card data or not."""
    most = filling * (TRANSACTIONS.max_message_bytes // len(filling))
    for key, value in ((None, most), (most, None)):
        letter = dead_letter(
            EventError("too_large", "x"),
            topic="t",
            partition=0,
            offset=0,
            key=key,
            value=value,
            time_ms=NOW_MS,
        )
        written = encode_dead_letter(letter)
        assert len(written) + len(letter.key or b"") < DEAD_LETTERS.max_message_bytes
        assert decode_dead_letter(written) == letter


def test_what_is_dropped_leaves_the_amount_as_it_was_written() -> None:
    """A decision carries the tokens of the payment, not what a decoder makes of them."""
    value = json.dumps(full_payment(note="x")).replace("12.34", "1.23400e1").encode()
    payment, original = receive_transaction(value, KEY, NOW_MS)
    assert b'"amount":1.23400e1' in original and b"note" not in original
    assert payment == receive_transaction(original, KEY, NOW_MS)[0]


def test_a_payment_that_loses_nothing_is_carried_byte_for_byte() -> None:
    """Blanks, order, a field given twice."""
    value = b'{ "city" : "a",' + json.dumps(full_payment(), indent=1).encode()[1:]
    assert receive_transaction(value, KEY, NOW_MS)[1] is value
    encoded = encode_transaction(receive_transaction(value, KEY, NOW_MS)[0])
    path = payment_path(SHIPPED)
    received = receive_transaction(encoded, KEY, NOW_MS)
    (step,) = visit(path.entities[0], [received[0]], {})
    assert isinstance(step, CardStep)
    result = first_request(path, received, step, NOW_MS)
    assert result.original == encoded


def test_the_case_of_the_nested_payment_is_right() -> None:
    """32 levels: decided, and the decision without the unknown field."""
    deep = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    value = (json.dumps(full_payment())[:-1] + f',"x":{deep}}}').encode()
    for keep in ((), ("x",)):
        _, original = receive_transaction(value, KEY, NOW_MS, keep)
        made = encode_decision(decision(payment=msgspec.Raw(original)))
        assert (b'"x"' in bytes(decode_decision(made).payment)) == bool(keep)
