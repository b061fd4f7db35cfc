"""What one stage packs the next one unpacks."""

from __future__ import annotations

from scoring.messages import CardLabel, CardResult, pack, unpack_hand_over, unpack_request
from tests.unit.features.factories import label, payment
from tests.unit.scoring.scene import first_payment


def test_a_payment_survives_the_way_between_stages() -> None:
    sent = CardResult(
        payment=payment(city="Bern", attributes={"V1": -0.5}),
        original=b'{"as": "received"}',
        features=b"\x00\x01",
        sequence=3,
        late=True,
        compacted=False,
        received_ms=5,
    )
    assert unpack_hand_over(pack(sent)) == sent


def test_a_label_is_told_from_a_payment() -> None:
    assert unpack_hand_over(pack(CardLabel(label()))) == CardLabel(label())


def test_a_request_survives_the_way_to_the_batches() -> None:
    request, _ = first_payment()
    assert unpack_request(pack(request)) == request
