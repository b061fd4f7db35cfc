"""The card stage as an older release ran it: its state is of version 2.

Version 2 had hundredths, and ids without contents. The ids of compacted payments were forgotten. A
savepoint of it is what an upgrade to this release starts from.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from features.card.state import (
    BUCKET_BYTES,
    BUCKET_MAX,
    BUCKET_SPREAD,
    BUCKET_SUM,
    BUCKET_WORDS,
    EVENT_BYTES,
    HEAD_LOOSE_BASE_MS,
    HEAD_PLACE_MS,
    HEAD_WORDS,
    ID_BYTES,
    ROW_CELLS,
    ROW_COUNTRY_AND_AMOUNT_HIGH,
    counts_of,
)
from features.kernels.compiled import interpreted
from jobs.card_stage import CardStage
from verify.faults.older_stage import Stored

_SCALE: Final = 100
"""Ten-thousandths in the hundredths that version 2 had its amounts in."""

_counts_of = interpreted(counts_of)


class OlderCardStage(CardStage):
    """Decides as the stage of this release, and stores cards in version 2."""

    def open(self, runtime_context: Any) -> None:
        """Open the state, and put the older version in front of it."""
        super().open(runtime_context)
        self._state = Stored(self._state, as_version_2)


def as_version_2(state: bytes) -> bytes:
    """Return a card's state of this release as version 2 held it.

    ValueError where an amount has more than two decimals.
    """
    head = np.frombuffer(state, "<i8", HEAD_WORDS)
    events, ids, buckets, loose = (int(count) for count in _counts_of(head))
    at_ids = 8 * (HEAD_WORDS + loose)
    at_buckets = at_ids + ID_BYTES * ids
    at_events = at_buckets + BUCKET_BYTES * buckets
    rows = state[at_events : at_events + EVENT_BYTES * events]
    if (np.frombuffer(rows, "<u4")[ROW_COUNTRY_AND_AMOUNT_HIGH::ROW_CELLS] >> 31).any():
        raise ValueError("version 2 holds amounts of two decimals, and three or four are needed")
    kept = head[HEAD_PLACE_MS:HEAD_LOOSE_BASE_MS]
    parts = (
        np.array([2, *head[1:3], events, ids, buckets, *kept], "<i8"),
        np.frombuffer(state, "<i8", ids, at_ids),
        _coarser(np.frombuffer(state, "<i8", BUCKET_WORDS * buckets, at_buckets)),
    )
    return b"".join(part.tobytes() for part in parts) + rows


def _coarser(words: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return buckets in ten-thousandths as buckets in hundredths."""
    buckets = words.reshape(-1, BUCKET_WORDS).copy()
    for column in (BUCKET_SUM, BUCKET_MAX):
        buckets[:, column] //= _SCALE
    buckets.view("<f8")[:, BUCKET_SPREAD] /= _SCALE**2
    return buckets
