"""The compiled transition of a card: check, find the payment's place, measure, store."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.card_measure import Arrival, measure
from features.card_plan import CARD_PLAN, CardPlan
from features.card_state import (
    HEAD_BASE_MS,
    HEAD_BUCKETS,
    HEAD_EVENTS,
    HEAD_IDS,
    HEAD_SEQUENCE,
    CardView,
    head_of,
    is_whole,
    view,
)
from features.card_store import store
from features.compiled import entry_point, helper
from features.windows import ALLOWED_LATENESS_MS, DEDUPE_HORIZON_MS

DAMAGED: Final = -1
"""Size that the kernel returns for a state whose length does not fit its header."""

REPEATED: Final = 1
LATE: Final = 2
COMPACTED: Final = 4


@helper
def _first_remembered(old: CardView, newest_ms: int) -> int:
    """Return the first row that still holds an id within the dedupe horizon."""
    row = len(old.time) - len(old.ids)
    horizon = newest_ms - DEDUPE_HORIZON_MS - old.head[HEAD_BASE_MS]
    while row < len(old.time) and np.int64(old.time[row]) <= horizon:
        row += 1
    return row


@helper
def _is_known(old: CardView, remembered: int, id_token: int) -> bool:
    for i in range(remembered - len(old.time) + len(old.ids), len(old.ids)):
        if old.ids[i] == id_token:
            return True
    return False


@helper
def _place_of(old: CardView, time_ms: int) -> int:
    """Return the row that a payment goes before: behind all that are as old or older."""
    at = len(old.time)
    offset = time_ms - old.head[HEAD_BASE_MS]
    while at > 0 and np.int64(old.time[at - 1]) > offset:
        at -= 1
    return at


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
        lat: float,
        lon: float,
        out: npt.NDArray[Any],
        values: npt.NDArray[np.float32],
    ) -> tuple[int, int, int]:
        """Write the next state and the features; return size of the state, sequence, flags."""
        if not is_whole(state):
            return DAMAGED, 0, 0
        head = head_of(state)
        old = view(state, head[HEAD_EVENTS], head[HEAD_IDS], head[HEAD_BUCKETS])
        events = len(old.time)
        newest_ms, late = time_ms, 0
        if events > 0:
            last_ms = head[HEAD_BASE_MS] + np.int64(old.time[events - 1])
            newest_ms = max(newest_ms, last_ms)
            late = LATE * (time_ms < last_ms - ALLOWED_LATENESS_MS)
        remembered = _first_remembered(old, newest_ms)
        if _is_known(old, remembered, id_token):
            return len(state), head[HEAD_SEQUENCE], REPEATED | late
        at = _place_of(old, time_ms)
        now = Arrival(
            time_ms, id_token, amount, merchant, city, device, country, high_risk, lat, lon
        )
        measure(plan, old, at, now, values)
        size = store(old, at, remembered, newest_ms, now, out)
        compacted = COMPACTED * (head_of(out)[HEAD_BUCKETS] > 0)
        return size, head[HEAD_SEQUENCE] + 1, late | compacted

    return card_kernel


card_kernel: Final = _build(CARD_PLAN)
