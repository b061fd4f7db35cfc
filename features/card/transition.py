"""The card's transition: states and payments in, next states and features out."""

from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from events.errors import EventError, refuse, show
from features.card.compaction import compacted_when_full
from features.card.ids import OTHER_FIELDS, REPEATED, REUSED
from features.card.kernel import COMPACTED, GROWTH, LATE, UNCHECKED, WITHOUT_RATE, card_kernel
from features.card.rows import rows_of
from features.card.state import EMPTY, VERSION
from features.card.upgrades import UPGRADES
from features.catalogue import CARD_FEATURES
from features.kernels.batch import Taken, Transition, Words, numbered, take
from features.money.rates import Rates

if TYPE_CHECKING:
    from events.transaction import Transaction

REFUSED: Final = REPEATED | REUSED
"""Flags of a payment that its card does not take in."""

_NO_VALUES: Final = np.empty(0, np.float32)
_HIDDEN: Final = ("amount, currency or merchant_id",)
"""What differs where only 24 bits of the other content are left."""

_TRANSITION: Final = Transition(
    entity="card",
    kernel=card_kernel,
    features=len(CARD_FEATURES),
    growth=GROWTH,
    empty=EMPTY,
    version=VERSION,
    upgrades=UPGRADES,
    compacted_when_full=compacted_when_full,
)


class CardStep(Struct, frozen=True, gc=False):
    """Outcome of one payment at its card.

    `values` is float32[len(CARD_FEATURES)] in that order, a row of its batch's. `sequence` numbers
    the card's accepted payments from 1. `late`: more than a day behind the newest payment, so that
    windows may be cut.
    `compacted`: part of the history is in buckets. `unchecked`: as old as an id that was forgotten
    before its horizon, so perhaps a repeat. `no_rate`: the payment's currency has no rate, so its
    amount features are missing.

    A payment is `repeated` where its id and content are known, and `reused` where its id is known
    with another content (see card/ids.py); `differing` names the fields, as far as known.
    Neither is accepted: `values` is empty, the card's state unchanged and the sequence that of the
    last accepted payment.
    """

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


def advance(
    payments: Sequence["Transaction"],
    cards: Sequence[str],
    states: MutableMapping[str, bytes],
    rates: Rates,
) -> list[CardStep]:
    """Take payments to their cards, in their order, and return a step for each.

    `cards` are the keys of the payments in `states`, which are changed in place; a card without a
    state is new. Amounts are converted by `rates`. StateError where a state is of an unknown
    version, of another reference currency, or damaged; `states` are then as before.
    """
    keys, numbers = numbered(cards)
    taken = advance_rows(rows_of(payments, numbers, rates), keys, states, rates)
    steps = [*map(CardStep, taken.values, taken.sequences.tolist())]
    for place in np.flatnonzero(taken.flags).tolist():
        steps[place] = step_of(taken, place)
    return steps


def advance_rows(
    rows: Words, cards: Sequence[str], states: MutableMapping[str, bytes], rates: Rates
) -> Taken:
    """Take payments to their cards as `advance` does, from rows that are packed already.

    The first word of each row (card/rows.py) is the place of its card among the distinct `cards`.
    """
    return take(_TRANSITION, rows, cards, states, rates)


def step_of(taken: Taken, place: int) -> CardStep:
    """Return the step of one of the payments that were taken to their cards."""
    return _step(taken.values[place], int(taken.sequences[place]), int(taken.flags[place]))


def _step(values: npt.NDArray[np.float32], sequence: int, flags: int) -> CardStep:
    """Return the step of a payment that has something to say of, by the kernel's flags."""
    if flags & REFUSED:
        return _refused(sequence, flags)
    return CardStep(
        values,
        sequence,
        late=bool(flags & LATE),
        compacted=bool(flags & COMPACTED),
        unchecked=bool(flags & UNCHECKED),
        no_rate=bool(flags & WITHOUT_RATE),
    )


def _refused(sequence: int, flags: int) -> CardStep:
    """Return the step of a payment whose id is known."""
    reused = bool(flags & REUSED)
    differing = tuple(name for bit, name in OTHER_FIELDS if flags & bit) or _HIDDEN
    return CardStep(
        _NO_VALUES,
        sequence,
        late=bool(flags & LATE),
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
