"""The card's transition: state and payment in, next state and features out. Pure."""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from events.errors import EventError, refuse, show
from features.card.compaction import compacted_when_full
from features.card.ids import OTHER_FIELDS, REPEATED, REUSED
from features.card.kernel import COMPACTED, DAMAGED, LATE, UNCHECKED, card_kernel
from features.card.state import EMPTY, EVENT_BYTES, ID_BYTES, VERSION
from features.card.upgrades import UPGRADES
from features.catalogue import CARD_FEATURES
from features.money.rates import Rates
from features.money.shipped import SHIPPED
from features.payment.measure import look_up
from features.state import HEAD_BYTES, damaged, head_of, of_unit, upgraded
from features.tokens import currency_number, id_token, small_token, ten_thousandths, wide_token
from features.windows import MAX_CARD_EVENTS

if TYPE_CHECKING:
    from events.transaction import Transaction

_NO_VALUES: Final = np.empty(0, np.float32)
_WIDTH: Final = len(CARD_FEATURES)
_GROWTH: Final = EVENT_BYTES + ID_BYTES
_FULL_BYTES: Final = EVENT_BYTES * MAX_CARD_EVENTS
_NAN: Final = float("nan")
_HIDDEN: Final = ("amount, currency or merchant_id",)
"""What differs where only 24 bits of the other content are left."""


class CardStep(NamedTuple):
    """Outcome of one payment at its card.

    `values` is float32[len(CARD_FEATURES)] in that order. `sequence` numbers the card's accepted
    payments from 1. `late`: more than a day behind the newest payment, so that windows may be cut.
    `compacted`: part of the history is in buckets. `unchecked`: as old as an id that was forgotten
    before its horizon, so perhaps a repeat. `no_rate`: the payment's currency has no rate, so its
    amount features are missing.

    A payment is `repeated` where its id and content are known, and `reused` where its id is known
    with another content (see card/ids.py); `differing` names the fields, as far as known.
    Neither is accepted: `values` is empty, the state unchanged and the sequence that of the last
    accepted payment.
    """

    state: bytes
    values: npt.NDArray[np.float32]
    sequence: int
    late: bool = False
    compacted: bool = False
    repeated: bool = False
    reused: bool = False
    differing: tuple[str, ...] = ()
    unchecked: bool = False
    no_rate: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the payment counts: it is neither a repeat nor under another payment's id."""
        return not (self.repeated or self.reused)


def advance(state: bytes | None, payment: "Transaction", rates: Rates = SHIPPED) -> CardStep:
    """Return the card's next state and the features of a payment; None is a new card's state.

    Amounts are converted by `rates`. StateError where the state is of an unknown version, of
    another reference currency, or damaged.
    """
    before = of_unit(EMPTY, rates.unit) if state is None else state
    if len(before) >= _FULL_BYTES:
        before = compacted_when_full(before)
    out = np.empty(len(before) + _GROWTH, np.uint8)
    values = np.empty(_WIDTH, np.float32)
    lat, lon = payment.lat, payment.lon
    amount = rates.amount(payment.amount_minor, payment.currency)
    size, sequence, flags = card_kernel(
        np.frombuffer(before, np.uint8),
        payment.timestamp_ms,
        id_token(payment.transaction_id),
        ten_thousandths(payment.amount_minor, payment.currency),
        currency_number(payment.currency),
        amount,
        rates.unit_word,
        wide_token(payment.merchant_id),
        small_token(payment.city),
        small_token(payment.device_id),
        small_token(payment.country),
        look_up(payment),
        _NAN if lat is None else lat,
        _NAN if lon is None else lon,
        out,
        values,
    )
    if size == DAMAGED:
        return advance(_of_this_version(before if state is None else state, rates), payment, rates)
    if flags & (REPEATED | REUSED):
        return _refused(state or before, sequence, flags)
    after = out[:size].tobytes()
    if flags == 0 and amount >= 0:
        return CardStep(after, values, sequence)
    return CardStep(
        after,
        values,
        sequence,
        late=bool(flags & LATE),
        compacted=bool(flags & COMPACTED),
        unchecked=bool(flags & UNCHECKED),
        no_rate=amount < 0,
    )


def _of_this_version(state: bytes, rates: Rates) -> bytes:
    """Return a state that the kernel did not take in the layout that it takes; StateError if none.

    The kernel looks at the head, so that a current state is not looked at twice.
    """
    if state[:HEAD_BYTES] == head_of(VERSION, rates.unit):
        raise damaged(state, "card")
    return upgraded(state, "card", VERSION, UPGRADES, rates.unit)


def _refused(state: bytes, sequence: int, flags: int) -> CardStep:
    """Return the step of a payment whose id is known."""
    reused = bool(flags & REUSED)
    differing = tuple(name for bit, name in OTHER_FIELDS if flags & bit) or _HIDDEN
    return CardStep(
        state,
        _NO_VALUES,
        sequence,
        bool(flags & LATE),
        compacted=False,
        repeated=not reused,
        reused=reused,
        differing=differing if reused else (),
    )


def reused_id(payment: "Transaction", step: CardStep) -> EventError:
    """Return the refusal of a payment whose id another payment of its card has."""
    *others, last = step.differing
    other = f"{', '.join(others)} and {last}" if others else last
    got = f"{show(payment.transaction_id)} of another payment of the card, which differs in {other}"
    next_step = "send each payment under its own id, and a repeat with the same content"
    return refuse("id_reused", "`transaction_id`", "an id of its own", got, next_step)
