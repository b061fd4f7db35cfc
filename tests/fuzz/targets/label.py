"""Records of the labels topic: refused with a code, or the same after writing them again."""

from __future__ import annotations

from collections.abc import Iterator

from events.errors import EventError
from events.label import encode_label, parse_label
from tests.fuzz.oracle import check_dead_letter, check_refusal


def run(data: bytes) -> None:
    """Parse a record under the card that most inputs name."""
    try:
        label = parse_label(data, b"c1")
    except EventError as error:
        check_refusal(error)
        check_dead_letter(error, b"c1", data)
        return
    assert label.label_time_ms >= label.timestamp_ms
    assert parse_label(encode_label(label), b"c1") == label


def seeds() -> Iterator[bytes]:
    """One label in each notation of time."""
    whole = (
        b'{"transaction_id":"t1","card_id":"c1","merchant_id":"m1","timestamp":1714564800000,'
        b'"is_fraud":true,"label_time":"2024-05-08T12:00:00Z","source":"chargeback"}'
    )
    yield whole
    yield whole.replace(b"1714564800000", b'"9999-12-31T23:59:59.9999-23:59"')
    yield whole.replace(b"m1", b"\\ud800\xf0\x9f\x98\x80")
    yield whole.replace(b"chargeback", b"4111-1111-1111-1111")
