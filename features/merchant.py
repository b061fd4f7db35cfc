"""The merchant's transitions: a payment gives features, a label is learnt. Pure."""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.definition import MERCHANT_FEATURES
from features.merchant_compaction import compacted_when_full
from features.merchant_kernel import COMPACTED, DAMAGED, LATE, merchant_label, merchant_payment
from features.merchant_state import EMPTY, FRAUD_BYTES, ROW_BYTES, UPGRADES, VERSION
from features.state import damaged, upgraded
from features.tokens import hundredths, id_token
from features.windows import MAX_FRAUD_ROWS, MAX_MERCHANT_ROWS

if TYPE_CHECKING:
    from events.label import Label

_NO_VALUES: Final = np.empty(0, np.float32)
_WIDTH: Final = len(MERCHANT_FEATURES)
_FULL_BYTES: Final = min(ROW_BYTES * MAX_MERCHANT_ROWS, FRAUD_BYTES * MAX_FRAUD_ROWS)


class MerchantStep(NamedTuple):
    """What one payment or label made of a merchant.

    `values` is float32[len(MERCHANT_FEATURES)] in that order, empty after a label. `sequence`
    numbers the merchant's payments and labels together, from 1. `late`: more than a day behind the
    newest payment, so that windows may be cut. `compacted`: part of the history is in buckets.
    """

    state: bytes
    values: npt.NDArray[np.float32]
    sequence: int
    late: bool
    compacted: bool


def advance(
    state: bytes | None, timestamp_ms: int, amount_minor: int, currency: str
) -> MerchantStep:
    """Return the merchant's next state and its features of a payment; None is a new merchant.

    StateError where the state is of an unknown version or damaged.
    """
    before = _readable(state)
    out = np.empty(len(before) + ROW_BYTES, np.uint8)
    values = np.empty(_WIDTH, np.float32)
    amount = hundredths(amount_minor, currency)
    size, sequence, flags = merchant_payment(
        np.frombuffer(before, np.uint8), timestamp_ms, amount, out, values
    )
    if size == DAMAGED:
        raise damaged(before, "merchant")
    late, compacted = bool(flags & LATE), bool(flags & COMPACTED)
    return MerchantStep(out[:size].tobytes(), values, sequence, late, compacted)


def learn(state: bytes | None, label: "Label") -> MerchantStep:
    """Return the merchant's next state after a label, which counts in its sequence.

    A fraud is remembered with its event time and label time, once however often it is told, also
    before its payment; a label that says no fraud takes a known one back. StateError as `advance`.
    """
    before = _readable(state)
    out = np.empty(len(before) + FRAUD_BYTES, np.uint8)
    size, sequence, flags = merchant_label(
        np.frombuffer(before, np.uint8),
        label.timestamp_ms,
        label.label_time_ms,
        id_token(label.transaction_id),
        label.is_fraud,
        out,
    )
    if size == DAMAGED:
        raise damaged(before, "merchant")
    return MerchantStep(out[:size].tobytes(), _NO_VALUES, sequence, False, bool(flags & COMPACTED))


def _readable(state: bytes | None) -> bytes:
    """Return a state of the current version that has room for one more row."""
    before = EMPTY if state is None else state
    if not before or before[0] != VERSION:
        before = upgraded(before, "merchant", VERSION, UPGRADES)
    return compacted_when_full(before) if len(before) >= _FULL_BYTES else before
