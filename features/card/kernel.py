"""The compiled transition of a card: check, find the payment's place, measure, store."""

from typing import Final

import numpy as np

from features.card.ids import (
    Content,
    find_id,
    first_loose,
    first_remembered,
    id_word,
)
from features.card.measure import measure
from features.card.plan import CARD_PLAN
from features.card.rows import (
    PAID_AMOUNT,
    PAID_CITY,
    PAID_COUNTRY,
    PAID_CURRENCY,
    PAID_DEVICE,
    PAID_ID,
    PAID_KEY,
    PAID_LAT,
    PAID_LON,
    PAID_LOOKED,
    PAID_MERCHANT,
    PAID_PAID,
    PAID_TIME,
    PAID_WORDS,
)
from features.card.state import (
    EVENT_BYTES,
    HEAD_FORGOTTEN_MS,
    HEAD_SEQUENCE,
    HEAD_VERSION,
    ID_BYTES,
    VERSION,
    is_whole,
    open_view,
    place_of,
    time_of,
)
from features.card.store import store
from features.kernels.batch import (
    STOPPED,
    Kernel,
    Memory,
    Reals,
    Values,
    Words,
    lay_out,
    note_payment,
    note_state,
    room_of,
    rows_at,
    state_of,
    words_of,
)
from features.kernels.compiled import entry_point, helper
from features.kernels.plan import Plan
from features.kernels.unit import is_of_unit, units_per_major
from features.payment.arrival import Arrival
from features.windows import ALLOWED_LATENESS_MS, DEDUPE_HORIZON_MS, MAX_CARD_EVENTS

GROWTH: Final = EVENT_BYTES + ID_BYTES
"""Bytes that a payment adds to a state at most."""

LATE: Final = 4
COMPACTED: Final = 8
UNCHECKED: Final = 16
WITHOUT_RATE: Final = 32
"""Flags beside those of card_ids."""

_UNCHANGED: Final = 0
"""Size of the next state of a payment that is not accepted: there is none."""


@helper
def _step(
    plan: Plan,
    state: Memory,
    unit: int,
    row: Words,
    reals: Reals,
    out: Memory,
    values: Values,
) -> tuple[int, int, int]:
    """Write the next state and the features; return size of the state, sequence, flags.

    `row` and `reals` are the payment's row, as integers and as floats.
    """
    if not is_whole(state):
        return STOPPED, 0, 0
    old, major = open_view(state), units_per_major(unit)
    if not is_of_unit(old.words[HEAD_VERSION], VERSION, unit) or old.events >= MAX_CARD_EVENTS:
        return STOPPED, 0, 0
    sequence, time_ms = old.words[HEAD_SEQUENCE], row[PAID_TIME]
    newest_ms, late = time_ms, 0
    if old.events > 0:
        last_ms = time_of(old, old.events - 1)
        newest_ms = max(newest_ms, last_ms)
        late = LATE * (time_ms < last_ms - ALLOWED_LATENESS_MS)
    loose, remembered = first_loose(old, newest_ms), first_remembered(old, newest_ms)
    content = Content(time_ms, row[PAID_PAID], row[PAID_CURRENCY], row[PAID_MERCHANT])
    word = id_word(row[PAID_ID], content)
    known = find_id(old, loose, remembered, word, content, major)
    if known != 0:
        return _UNCHANGED, sequence, known | late
    at = place_of(old, time_ms)
    if at < remembered and time_ms > newest_ms - DEDUPE_HORIZON_MS:
        return STOPPED, 0, 0  # rows within the horizon that lack their ids
    now = Arrival(
        time_ms,
        word,
        row[PAID_AMOUNT],
        major,
        row[PAID_MERCHANT],
        row[PAID_CITY],
        row[PAID_DEVICE],
        row[PAID_COUNTRY],
        reals[PAID_LOOKED:],
        reals[PAID_LAT],
        reals[PAID_LON],
    )
    measure(plan, old, at, now, values)
    size = store(old, at, loose, remembered, newest_ms, now, out)
    flags = late | COMPACTED * (open_view(out).buckets > 0) | WITHOUT_RATE * (now.amount < 0)
    if newest_ms - DEDUPE_HORIZON_MS < time_ms <= old.words[HEAD_FORGOTTEN_MS]:
        flags |= UNCHECKED
    return size, sequence + 1, flags


def _build(plan: Plan) -> Kernel:
    """Return the kernel for a plan, which closes over it as compile-time constants."""

    @entry_point
    def card_kernel(unit: int, keys: int, memory: Memory, values: Values) -> int:
        """Take payments until one's state is not taken; see kernels/batch.py, and card/rows.py."""
        payments = len(values)
        lay_out(keys, payments, PAID_WORDS, GROWTH, memory)
        words, rows = words_of(memory), rows_at(keys, payments)
        reals = words.view(np.float64)
        for payment in range(payments):
            at = rows + PAID_WORDS * payment
            key = words[at + PAID_KEY]
            size, sequence, flags = _step(
                plan,
                state_of(words, memory, keys, key),
                unit,
                words[at : at + PAID_WORDS],
                reals[at : at + PAID_WORDS],
                room_of(words, memory, keys, key),
                values[payment],
            )
            if size == STOPPED:
                return payment
            note_state(words, keys, key, size)
            note_payment(words, keys, payments, payment, sequence, flags)
        return payments

    return card_kernel


card_kernel: Final = _build(CARD_PLAN)
