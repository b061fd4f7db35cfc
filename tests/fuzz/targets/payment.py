"""Records of the transactions topic: refused with a code, or the same after writing them again.

What is written about a record can be read, and holds no card data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from events.decision import decode_decision, encode_decision
from events.errors import EventError
from events.money import MAX_AMOUNT_MINOR
from events.transaction import encode_transaction, parse_transaction, receive_transaction
from tests.fuzz.oracle import check_dead_letter, check_refusal
from tests.fuzz.targets.own_event import A_DECISION

NOW_MS: Final = 1_714_564_800_000
_KEY: Final = b"c1"
_WHOLE: Final = (
    b'{"transaction_id":"t1","card_id":"c1","timestamp":"2024-05-01T12:00:00.5+02:00",'
    b'"amount":12.34,"currency":"EUR","merchant_id":"m1","merchant_category":"5411","channel":"pos",'
    b'"country":"AT","city":"Wien","lat":48.2,"lon":16.4,"customer_id":"u1","device_id":"d1",'
    b'"ip_token":"i1","time_zone":"Asia/Kathmandu","home_country":"NP","attributes":{"V1":-1.5}}'
)


def run(data: bytes) -> None:
    """Parse a record; the first byte says whether it has the key that most inputs name."""
    key = {0: None, 1: b"\xff"}.get(data[0] if data else 2, _KEY)
    value = data[1:]
    try:
        payment, original = receive_transaction(value, key, NOW_MS, {"kept"})
    except EventError as error:
        check_refusal(error)
        check_dead_letter(error, key, value)
        return
    assert 0 <= payment.amount_minor <= MAX_AMOUNT_MINOR
    again = encode_transaction(payment)
    assert parse_transaction(again, key, NOW_MS) == payment
    assert receive_transaction(original, key, NOW_MS, {"kept"}) == (payment, original)
    decision = msgspec.structs.replace(A_DECISION, payment=msgspec.Raw(original))
    assert bytes(decode_decision(encode_decision(decision)).payment) == original


def seeds() -> Iterator[bytes]:
    """Whole payments, and notations that readers stumble over."""
    whole = b"2" + _WHOLE
    yield whole
    yield whole.replace(b"12.34", b'"1.234e1"').replace(
        b'"2024-05-01T12:00:00.5+02:00"', b"1714564800000"
    )
    yield whole.replace(b"12.34", b"1E400").replace(b"EUR", b"JPY")
    yield whole.replace(b'"Wien"', b'"\\u0000\\ud83d\\ude00"')
    yield whole.replace(b"48.2", b"1e999").replace(b'"V1":-1.5', b'"V1":[[[{}]]]')
    yield whole.replace(b"Asia/Kathmandu", b"asia/kathmandu").replace(b'"NP"', b'"np"')
    yield whole.replace(b'"Asia/Kathmandu"', b"null").replace(b'"NP"', b'"XK"')
    yield b"2" + b"[" * 40 + b'"\\"'
    yield whole.replace(b'"Wien"', b'"card 4111 1111 1111 1111 exp 12/27"')
    yield whole.replace(b'"Wien"', b'"\\u0034\xc2\xa0111.1111-1111_1111"')
    yield whole.replace(b'{"V1":-1.5}', b'{"cvv":123}').replace(
        b'"Wien"', b'";4111111111111111=2512?"'
    )
    yield whole.replace(b'"city"', b'"kept":[{"pan":[4.111111111111111e15]}],"city"')
    yield b"2" + '{"pan":"4111111111111111"}'.encode("utf-16")
