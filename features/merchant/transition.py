"""The merchant's transitions: a payment gives features, a label is learnt. Pure."""

from collections.abc import MutableMapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from events.label import Label
from events.receipt import LabelledPayment
from events.transaction import Transaction
from features.catalogue import MERCHANT_FEATURES
from features.kernels import batch
from features.kernels.batch import STOPPED, Taken, Words, numbered, take
from features.merchant.compaction import compacted_when_full
from features.merchant.kernel import (
    COMPACTED,
    GROWTH,
    LATE,
    PAYMENT_COMPACTED,
    PAYMENT_KNOWN,
    PAYMENT_UNKNOWN,
    merchant_label,
    merchant_payments,
)
from features.merchant.rows import rows_of
from features.merchant.state import EMPTY, LABEL_BYTES, ROW_BYTES, VERSION
from features.merchant.upgrades import UPGRADES
from features.money.rates import Rates
from features.state import HEAD_BYTES, damaged, head_of, of_unit, upgraded
from features.tokens import payment_token
from features.windows import MAX_MERCHANT_ROWS

_FULL_BYTES: Final = ROW_BYTES * MAX_MERCHANT_ROWS

_TRANSITION: Final = batch.Transition(
    entity="merchant",
    kernel=merchant_payments,
    features=len(MERCHANT_FEATURES),
    growth=GROWTH,
    empty=EMPTY,
    version=VERSION,
    upgrades=UPGRADES,
    compacted_when_full=compacted_when_full,
)

_PAYMENTS: Final[dict[int, LabelledPayment]] = {
    PAYMENT_KNOWN: "known",
    PAYMENT_COMPACTED: "compacted",
    PAYMENT_UNKNOWN: "unknown",
}


class MerchantStep(Struct, frozen=True, gc=False):
    """The outcome of one payment at its merchant.

    `values` is float32[len(MERCHANT_FEATURES)] in that order, a row of its batch's. `sequence`
    numbers the merchant's payments and labels together, from 1. `late`: more than a day behind the
    merchant's newest payment, so that the longest windows may lack payments. `compacted`: part of
    the history is in buckets. Where neither holds, the values are those of all payments and labels
    that have come, as long as no more labels waited than windows.MAX_LABELS_OF_A_KIND.
    """

    values: npt.NDArray[np.float32]
    sequence: int
    late: bool = False
    compacted: bool = False


class LabelStep(NamedTuple):
    """The outcome of one label at its merchant: the next state, its number, what it found."""

    state: bytes
    sequence: int
    payment: LabelledPayment


def advance(
    payments: Sequence[Transaction],
    merchants: Sequence[str],
    states: MutableMapping[str, bytes],
    rates: Rates,
) -> list[MerchantStep]:
    """Take payments to their merchants, in their order, and return a step for each.

    `merchants` are the keys of the payments in `states`, which are changed in place; a merchant
    without a state is new. Amounts are converted by `rates`. A label that has waited for its
    payment counts from now on. StateError where a state is of an unknown version, of another
    reference currency, or damaged; `states` are then as before.
    """
    keys, numbers = numbered(merchants)
    taken = advance_rows(rows_of(payments, numbers, rates), keys, states, rates)
    values, sequences = taken.values, taken.sequences.tolist()
    steps = [*map(MerchantStep, values, sequences)]
    for place in np.flatnonzero(taken.flags).tolist():
        said = int(taken.flags[place])
        late, compacted = bool(said & LATE), bool(said & COMPACTED)
        steps[place] = MerchantStep(values[place], sequences[place], late, compacted)
    return steps


def advance_rows(
    rows: Words, merchants: Sequence[str], states: MutableMapping[str, bytes], rates: Rates
) -> Taken:
    """Take payments to their merchants as `advance` does, from rows that are packed already.

    The first word of each row (merchant/rows.py) is the place of its merchant among the distinct
    `merchants`.
    """
    return take(_TRANSITION, rows, merchants, states, rates)


def learn(state: bytes | None, label: Label, rates: Rates) -> LabelStep:
    """Return the merchant's next state after a label, which counts in its sequence.

    The label with the newest label time decides about its payment, and of equal ones the last to
    arrive. The label finds its payment by transaction, card and event time. A time may be cut, and
    then stands for a span: see merchant_state.last_moment. What counts is the payment's own time.
    A label of a payment that has not come counts nowhere and waits for it as long as the payment
    would be kept: until the merchant's newest payment is 68 days ahead, among the newest 256 of its
    kind. A label of a payment that may be in a bucket counts there, as long as the bucket has
    payments that are no frauds; repeats and corrections of the newest 256 of a kind are recognised.
    The reference currency of `rates` is that of the state. StateError as `advance`.
    """
    before = _with_room(state, rates)
    out = np.empty(len(before) + LABEL_BYTES, np.uint8)
    size, sequence, payment = merchant_label(
        np.frombuffer(before, np.uint8),
        label.timestamp_ms,
        label.label_time_ms,
        payment_token(label.transaction_id, label.card_id),
        label.is_fraud,
        rates.unit_word,
        out,
    )
    if size == STOPPED:
        return learn(_of_this_version(before if state is None else state, rates), label, rates)
    return LabelStep(_first(out, size), sequence, _PAYMENTS[payment])


def _first(out: npt.NDArray[np.uint8], size: int) -> bytes:
    """Return the first bytes of an array; all of them, as is usual, without a slice."""
    return out.tobytes() if size == len(out) else out[:size].tobytes()


def _of_this_version(state: bytes, rates: Rates) -> bytes:
    """Return a state that a kernel did not take in the layout that it takes; StateError if none.

    The kernels look at the head, so that a current state is not looked at twice.
    """
    if state[:HEAD_BYTES] == head_of(VERSION, rates.unit):
        raise damaged(state, "merchant")
    return upgraded(state, "merchant", VERSION, UPGRADES, rates.unit)


def _with_room(state: bytes | None, rates: Rates) -> bytes:
    """Return a state, or that of a new merchant, that has room for one more row."""
    before = of_unit(EMPTY, rates.unit) if state is None else state
    return compacted_when_full(before) if len(before) >= _FULL_BYTES else before
