"""What one stage packs the next one unpacks."""

from __future__ import annotations

from scoring.messages import LabelOnItsWay, ScoringRequest, pack, unpack_hand_over, unpack_request
from tests.unit.features.factories import label, payment


def test_a_payment_survives_the_way_between_stages() -> None:
    """As a hand-over and as a request to the batches: both are one message."""
    paid = payment(city="Bern", attributes={"V1": -0.5})
    sent = ScoringRequest(
        paid, b'{"as": "received"}', b"\x00\x01", {"card": 3}, ["late"], 5, "EUR", "2026-10-06"
    )
    assert unpack_hand_over(pack(sent)) == unpack_request(pack(sent)) == sent


def test_a_label_is_told_from_a_payment() -> None:
    assert unpack_hand_over(pack(LabelOnItsWay(label()))) == LabelOnItsWay(label())
