"""The card's transition: state and payment in, next state and features out. Pure."""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.card_compaction import compacted_when_full
from features.card_kernel import COMPACTED, DAMAGED, LATE, REPEATED, card_kernel
from features.card_state import EMPTY, EVENT_BYTES, ID_BYTES, UPGRADES, VERSION
from features.categories import GROUP_NUMBERS, HIGH_RISK_CATEGORIES
from features.definition import CARD_FEATURES
from features.state import damaged, upgraded
from features.tokens import hundredths, id_token, small_token, wide_token
from features.windows import MAX_CARD_EVENTS

if TYPE_CHECKING:
    from events.transaction import Transaction

_NO_VALUES: Final = np.empty(0, np.float32)
_WIDTH: Final = len(CARD_FEATURES)
_GROWTH: Final = EVENT_BYTES + ID_BYTES
_FULL_BYTES: Final = EVENT_BYTES * MAX_CARD_EVENTS
_NAN: Final = float("nan")


class CardStep(NamedTuple):
    """What one payment made of a card.

    `values` is float32[len(CARD_FEATURES)] in that order. `sequence` numbers the card's accepted
    payments from 1. `late`: more than a day behind the newest payment, so that windows may be cut.
    `compacted`: part of the history is in buckets. `repeated`: the transaction_id is known; then
    `values` is empty, the state unchanged and the sequence that of the last accepted payment.
    """

    state: bytes
    values: npt.NDArray[np.float32]
    sequence: int
    late: bool
    compacted: bool
    repeated: bool


def advance(state: bytes | None, payment: "Transaction") -> CardStep:
    """Return the card's next state and the features of a payment; None is a new card's state.

    StateError where the state is of an unknown version or damaged.
    """
    before = EMPTY if state is None else state
    if not before or before[0] != VERSION:
        before = upgraded(before, "card", VERSION, UPGRADES)
    if len(before) >= _FULL_BYTES:
        before = compacted_when_full(before)
    out = np.empty(len(before) + _GROWTH, np.uint8)
    values = np.empty(_WIDTH, np.float32)
    lat, lon = payment.lat, payment.lon
    size, sequence, flags = card_kernel(
        np.frombuffer(before, np.uint8),
        payment.timestamp_ms,
        id_token(payment.transaction_id),
        hundredths(payment.amount_minor, payment.currency),
        wide_token(payment.merchant_id),
        small_token(payment.city),
        small_token(payment.device_id),
        small_token(payment.country),
        payment.merchant_category in HIGH_RISK_CATEGORIES,
        GROUP_NUMBERS.get(payment.merchant_category, 0.0),
        _NAN if lat is None else lat,
        _NAN if lon is None else lon,
        out,
        values,
    )
    if size == DAMAGED:
        raise damaged(before, "card")
    late, compacted = bool(flags & LATE), bool(flags & COMPACTED)
    if flags & REPEATED:
        return CardStep(state or before, _NO_VALUES, sequence, late, compacted, True)
    return CardStep(out[:size].tobytes(), values, sequence, late, compacted, False)
