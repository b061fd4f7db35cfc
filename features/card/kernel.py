"""The compiled transition of a card: check, find the payment's place, measure, store."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.card.ids import Content, find_id, first_loose, first_remembered, id_word
from features.card.measure import measure
from features.card.plan import CARD_PLAN
from features.card.state import (
    HEAD_FORGOTTEN_MS,
    HEAD_SEQUENCE,
    HEAD_VERSION,
    VERSION,
    is_whole,
    open_view,
    place_of,
    time_of,
)
from features.card.store import store
from features.kernels.compiled import entry_point
from features.kernels.plan import Plan
from features.kernels.unit import is_of_unit, units_per_major
from features.payment.arrival import Arrival, Looked
from features.windows import ALLOWED_LATENESS_MS, DEDUPE_HORIZON_MS

DAMAGED: Final = -1
"""Size that the kernel returns for a state of another head, or that contradicts itself."""

LATE: Final = 4
COMPACTED: Final = 8
UNCHECKED: Final = 16
"""Flags beside those of card_ids."""


def _build(plan: Plan) -> Callable[..., tuple[int, int, int]]:
    """Return the kernel for a plan, which closes over it as compile-time constants."""

    @entry_point
    def card_kernel(
        state: npt.NDArray[np.uint8],
        time_ms: int,
        id_token: int,
        paid: int,
        currency: int,
        amount: int,
        unit: int,
        merchant: int,
        city: int,
        device: int,
        country: int,
        looked: Looked,
        lat: float,
        lon: float,
        out: npt.NDArray[Any],
        values: npt.NDArray[np.float32],
    ) -> tuple[int, int, int]:
        """Write the next state and the features; return size of the state, sequence, flags.

        `paid` is the amount in the payment's own `currency`, which its content is of; `amount` is
        in units of the reference currency, whose word is `unit`.
        """
        if not is_whole(state):
            return DAMAGED, 0, 0
        old, major = open_view(state), units_per_major(unit)
        if not is_of_unit(old.words[HEAD_VERSION], VERSION, unit):
            return DAMAGED, 0, 0
        sequence = old.words[HEAD_SEQUENCE]
        newest_ms, late = time_ms, 0
        if old.events > 0:
            last_ms = time_of(old, old.events - 1)
            newest_ms = max(newest_ms, last_ms)
            late = LATE * (time_ms < last_ms - ALLOWED_LATENESS_MS)
        loose, remembered = first_loose(old, newest_ms), first_remembered(old, newest_ms)
        content = Content(time_ms, paid, currency, merchant)
        word = id_word(id_token, content)
        known = find_id(old, loose, remembered, word, content, major)
        if known != 0:
            return len(state), sequence, known | late
        at = place_of(old, time_ms)
        if at < remembered and time_ms > newest_ms - DEDUPE_HORIZON_MS:
            return DAMAGED, 0, 0  # rows within the horizon that lack their ids
        now = Arrival(
            time_ms,
            word,
            amount,
            major,
            merchant,
            city,
            device,
            country,
            looked,
            lat,
            lon,
        )
        measure(plan, old, at, now, values)
        size = store(old, at, loose, remembered, newest_ms, now, out)
        flags = late | COMPACTED * (open_view(out).buckets > 0)
        if newest_ms - DEDUPE_HORIZON_MS < time_ms <= old.words[HEAD_FORGOTTEN_MS]:
            flags |= UNCHECKED
        return size, sequence + 1, flags

    return card_kernel


card_kernel: Final = _build(CARD_PLAN)
