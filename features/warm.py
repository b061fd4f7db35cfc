"""Running every kernel once, which compiles it."""

from typing import Final

import numpy as np

from features.card.compaction import compact_card
from features.card.kernel import card_kernel
from features.card.state import EMPTY as EMPTY_CARD
from features.catalogue import CARD_FEATURES, MERCHANT_FEATURES
from features.merchant.compaction import compacted_when_full as compacted_merchant
from features.merchant.kernel import merchant_label, merchant_payment
from features.merchant.state import EMPTY as EMPTY_MERCHANT

_ROOM: Final = 256
_NAN: Final = float("nan")


def compile_everything() -> None:
    """Call each entry point with the types that the transitions call it with."""
    out = np.empty(_ROOM, np.uint8)
    card = np.frombuffer(EMPTY_CARD, np.uint8)
    card_values = np.empty(len(CARD_FEATURES), np.float32)
    card_kernel(card, 0, 1, 1, 0, 1, 0, 0, 0, False, _NAN, _NAN, _NAN, out, card_values)
    compact_card(card, out)
    merchant = np.frombuffer(EMPTY_MERCHANT, np.uint8)
    merchant_payment(merchant, 0, 1, 1, out, np.empty(len(MERCHANT_FEATURES), np.float32))
    merchant_label(merchant, 0, 0, 1, True, out)
    compacted_merchant(EMPTY_MERCHANT)
