"""The compiled transition of a card: check, find the payment's place, measure, store."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.arrival import Arrival
from features.card_measure import measure
from features.card_plan import CARD_PLAN, CardPlan
from features.card_state import (
    HEAD_SEQUENCE,
    HEAD_WORDS,
    CardView,
    is_whole,
    open_view,
    place_of,
    time_of,
)
from features.card_store import store
from features.compiled import entry_point, helper
from features.windows import ALLOWED_LATENESS_MS, DEDUPE_HORIZON_MS

DAMAGED: Final = -1
"""Size that the kernel returns for a state that contradicts itself."""

REPEATED: Final = 1
LATE: Final = 2
COMPACTED: Final = 4


@helper
def _first_remembered(old: CardView, newest_ms: int) -> int:
    """Return the first row that still holds an id within the dedupe horizon."""
    row = old.events - old.ids
    while row < old.events and time_of(old, row) <= newest_ms - DEDUPE_HORIZON_MS:
        row += 1
    return row


@helper
def _is_known(old: CardView, remembered: int, id_token: int) -> bool:
    """Tell whether a row from `remembered` on holds the id."""
    for i in range(remembered - old.events + old.ids, old.ids):
        if old.words[HEAD_WORDS + i] == id_token:
            return True
    return False


def _build(plan: CardPlan) -> Callable[..., tuple[int, int, int]]:
    """Return the kernel for a plan, which closes over it as compile-time constants."""

    @entry_point
    def card_kernel(
        state: npt.NDArray[np.uint8],
        time_ms: int,
        id_token: int,
        amount: int,
        merchant: int,
        city: int,
        device: int,
        country: int,
        high_risk: bool,
        category: float,
        lat: float,
        lon: float,
        out: npt.NDArray[Any],
        values: npt.NDArray[np.float32],
    ) -> tuple[int, int, int]:
        """Write the next state and the features; return size of the state, sequence, flags."""
        if not is_whole(state):
            return DAMAGED, 0, 0
        old = open_view(state)
        sequence = old.words[HEAD_SEQUENCE]
        newest_ms, late = time_ms, 0
        if old.events > 0:
            last_ms = time_of(old, old.events - 1)
            newest_ms = max(newest_ms, last_ms)
            late = LATE * (time_ms < last_ms - ALLOWED_LATENESS_MS)
        remembered = _first_remembered(old, newest_ms)
        if _is_known(old, remembered, id_token):
            return len(state), sequence, REPEATED | late
        at = place_of(old, time_ms)
        if at < remembered and time_ms > newest_ms - DEDUPE_HORIZON_MS:
            return DAMAGED, 0, 0  # rows within the horizon that lack their ids
        now = Arrival(
            time_ms,
            id_token,
            amount,
            merchant,
            city,
            device,
            country,
            high_risk,
            category,
            lat,
            lon,
        )
        measure(plan, old, at, now, values)
        size = store(old, at, remembered, newest_ms, now, out)
        compacted = COMPACTED * (open_view(out).buckets > 0)
        return size, sequence + 1, late | compacted

    return card_kernel


card_kernel: Final = _build(CARD_PLAN)
