"""What a stage hands on of its step: the flags of a decision, the receipt of a label."""

from __future__ import annotations

import pytest

from events.decision import Flag
from features import card, merchant
from features.windows import ALLOWED_LATENESS_MS
from jobs.steps import card_result, scoring_request
from tests.unit.features.factories import NOON_MS, payment


@pytest.mark.parametrize(
    ("behind_ms", "flags"),
    [(ALLOWED_LATENESS_MS, []), (ALLOWED_LATENESS_MS + 1, ["late_merchant"])],
)
def test_a_payment_far_behind_its_merchant_alone_is_marked(
    behind_ms: int, flags: list[Flag]
) -> None:
    newest = payment(NOON_MS, card_id="another card")
    state = merchant.advance(None, newest.timestamp_ms, newest.amount_minor, newest.currency).state
    paid = payment(NOON_MS - behind_ms)
    own = card.advance(None, paid)
    step = merchant.advance(state, paid.timestamp_ms, paid.amount_minor, paid.currency)
    request = scoring_request(card_result(paid, b"{}", own, NOON_MS), step)
    assert request.flags == flags
