"""Whatever the job writes about an input, every reader of ours can read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from events.dead_letter import dead_letter, decode_dead_letter, encode_dead_letter
from events.decision import decode_decision, encode_decision
from events.errors import EventError
from events.label import parse_label
from events.receipt import LabelReceipt, decode_receipt, encode_receipt
from events.topics import TRANSACTIONS
from events.transaction import receive_transaction
from events.wire import MAX_DEPTH
from tests.unit.events.samples import CARD, NOW_MS, decision, full_payment, label
from tests.unit.events.test_properties import ANY_JSON

KEY = CARD.encode()
TEXTS = st.text(min_size=1, max_size=20)
FIELDS = st.sampled_from([*full_payment(), "note"])


def nested(levels: int) -> Any:
    """Return a list within lists, so many deep."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(FIELDS, ANY_JSON | TEXTS | st.integers(1, MAX_DEPTH + 2).map(nested), st.booleans())
@example("note", nested(MAX_DEPTH - 1), True)
@example("city", '\u2028"\\/\ud83d\ude00', False)
@example("attributes", {"v": 3.4028234663852886e38}, False)
def test_a_decision_on_any_accepted_payment_is_read_again(
    field: str, value: Any, ascii_only: bool
) -> None:
    """With every unknown field kept, in any spelling of its texts, nested to the limit."""
    body = json.dumps(full_payment() | {field: value}, ensure_ascii=ascii_only)
    try:
        payment, original = receive_transaction(
            body.encode(errors="replace"), KEY, NOW_MS, {"note"}
        )
    except EventError:
        assume(False)
    written = decision(
        transaction_id=payment.transaction_id,
        card_id=payment.card_id,
        merchant_id=payment.merchant_id,
        payment=msgspec.Raw(original),
    )
    read = decode_decision(encode_decision(written))
    assert bytes(read.payment) == original
    assert read.transaction_id == payment.transaction_id


@given(
    st.none() | st.binary(max_size=300) | TEXTS.map(str.encode), st.none() | st.binary(max_size=20)
)
@example(b"4111111111111111", b"4111 1111 1111 1111")
@example(b"[" * 60_000, None)
def test_a_dead_letter_of_any_record_is_read_again(value: bytes | None, key: bytes | None) -> None:
    try:
        receive_transaction(value, key, NOW_MS)
    except EventError as error:
        written = dead_letter(
            error,
            topic=TRANSACTIONS.name,
            partition=0,
            offset=7,
            key=key,
            value=value,
            time_ms=NOW_MS,
        )
        assert decode_dead_letter(encode_dead_letter(written)) == written


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(TEXTS, TEXTS)
def test_a_receipt_of_any_accepted_label_is_read_again(name: str, merchant: str) -> None:
    body = json.dumps(label(transaction_id=name, merchant_id=merchant))
    try:
        known = parse_label(body.encode(), KEY)
    except EventError:
        assume(False)
    written = LabelReceipt(
        transaction_id=known.transaction_id,
        card_id=known.card_id,
        merchant_id=known.merchant_id,
        timestamp_ms=known.timestamp_ms,
        is_fraud=known.is_fraud,
        label_time_ms=known.label_time_ms,
        merchant_sequence=1,
    )
    assert decode_receipt(encode_receipt(written)) == written
