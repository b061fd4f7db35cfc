"""What a stage hands on of its step: the flags of a decision, the receipt of a label."""

from __future__ import annotations

import pytest

from events.decision import Flag
from events.receipt import decode_receipt
from features.windows import ALLOWED_LATENESS_MS
from scoring.steps import label_receipt
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import pay_at, tell_at
from tests.unit.scoring.scene import new_states, request_of


@pytest.mark.parametrize(
    ("behind_ms", "flags"),
    [(ALLOWED_LATENESS_MS, []), (ALLOWED_LATENESS_MS + 1, ["late_merchant"])],
)
def test_a_payment_far_behind_its_merchant_alone_is_marked(
    behind_ms: int, flags: list[Flag]
) -> None:
    states = new_states()
    request_of(payment(NOON_MS, card_id="another card"), states)
    assert request_of(payment(NOON_MS - behind_ms), states).flags == flags


@pytest.mark.parametrize(("identity", "found"), [(1, "known"), ("ghost", "unknown")])
def test_a_receipt_says_whether_the_payment_is_known(identity: object, found: str) -> None:
    state = pay_at(None, payment(NOON_MS, 1)).state
    told = label(NOON_MS, identity)
    step = tell_at(state, told)
    receipt = decode_receipt(label_receipt(told, step)[2])
    assert (receipt.transaction_id, receipt.payment) == (told.transaction_id, found)
    assert receipt.merchant_sequence == 2
