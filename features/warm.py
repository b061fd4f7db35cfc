"""Warm-up of the kernels: each runs once, which compiles it."""

from typing import Final

import numpy as np

from events.label import Label
from events.transaction import Transaction
from features.card import transition as card
from features.card.compaction import compact_card
from features.card.state import EMPTY as EMPTY_CARD
from features.kernels.compiled import one_compiler
from features.merchant import transition as merchant
from features.merchant.compaction import compacted_when_full as compacted_merchant
from features.merchant.pages import ROWS
from features.merchant.parts import MerchantParts
from features.merchant.state import EMPTY as EMPTY_MERCHANT
from features.money.shipped import SHIPPED
from features.plain.payments import Records
from features.plain.reader import Reader

_PAYMENT: Final = Transaction(
    transaction_id="warm-up",
    card_id="warm-up",
    timestamp_ms=0,
    amount_minor=1,
    currency="EUR",
    merchant_id="warm-up",
)
_LABEL: Final = Label(
    transaction_id="warm-up",
    card_id="warm-up",
    merchant_id="warm-up",
    timestamp_ms=0,
    is_fraud=True,
    label_time_ms=0,
    source="warm-up",
)
_NO_RECORDS: Final = Records(b"", *[np.empty(0, np.int64)] * 5)


def compile_everything() -> None:
    """Call each entry point as the stages do, with states that go nowhere."""
    with one_compiler():
        card.advance((_PAYMENT,), ("",), {}, SHIPPED)
        compact_card(np.frombuffer(EMPTY_CARD, np.uint8), np.empty(len(EMPTY_CARD), np.uint8))
        merchants = {"": merchant.learn(None, _LABEL, SHIPPED).state}
        merchant.advance([_PAYMENT] * ROWS.tail, [""] * ROWS.tail, merchants, SHIPPED)
        MerchantParts().split({}, merchants)
        compacted_merchant(EMPTY_MERCHANT)
        Reader(SHIPPED).read(_NO_RECORDS)
