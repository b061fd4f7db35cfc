"""The card stage as an older release ran it: its state is of version 2.

Version 2 had hundredths of any currency, and ids without contents. The ids of compacted payments
were forgotten. A savepoint of it is what an upgrade to this release starts from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from features.card.state import (
    BUCKET_BYTES,
    BUCKET_MAX,
    BUCKET_SPREAD,
    BUCKET_SUM,
    BUCKET_WORDS,
    HEAD_LOOSE_BASE_MS,
    HEAD_PLACE_MS,
    HEAD_WORDS,
    ID_BYTES,
    ROW_AMOUNT_LOW,
    ROW_CELLS,
    ROW_COUNTRY_AND_AMOUNT_HIGH,
    counts_of,
)
from features.kernels.compiled import interpreted
from features.money.units import MANTISSA_BITS, Unit, unit_of
from features.state import HEAD_BYTES
from jobs.flink_edge.outputs import Output
from jobs.stages.card import CardStage
from verify.faults.older_stage import stored_as

_HUNDREDTHS: Final = 100
_NOT_KNOWN: Final = 2**48 - 1

_counts_of = interpreted(counts_of)


class OlderCardStage(CardStage):
    """Decides as the stage of this release, and stores cards in version 2."""

    def process(self, bodies: Sequence[bytes], states: dict[str, bytes]) -> Sequence[Output]:
        """Take in a batch, and store what has changed in the older version."""
        return stored_as(as_version_2, super().process, bodies, states)


def as_version_2(state: bytes) -> bytes:
    """Return a card's state of this release as version 2 held it.

    ValueError where an amount is no whole number of hundredths of the reference currency: it was
    converted or has no rate, and version 2 did neither.
    """
    scale = _unit_of(state).per_major // _HUNDREDTHS
    head = np.frombuffer(state, "<i8", HEAD_WORDS)
    events, ids, buckets, loose = (int(count) for count in _counts_of(head))
    at_ids = 8 * (HEAD_WORDS + loose)
    at_buckets = at_ids + ID_BYTES * ids
    at_events = at_buckets + BUCKET_BYTES * buckets
    rows = np.frombuffer(state, "<u4", ROW_CELLS * events, at_events).reshape(-1, ROW_CELLS)
    kept = head[HEAD_PLACE_MS:HEAD_LOOSE_BASE_MS]
    parts = (
        np.array([2, *head[1:3], events, ids, buckets, *kept], "<i8"),
        np.frombuffer(state, "<i8", ids, at_ids),
        _coarser(np.frombuffer(state, "<i8", BUCKET_WORDS * buckets, at_buckets), scale),
        _in_hundredths(rows.copy(), scale),
    )
    return b"".join(part.tobytes() for part in parts)


def _unit_of(state: bytes) -> Unit:
    """Return the unit of the reference currency that a state's header names."""
    return unit_of(state[1:HEAD_BYTES].decode())


def _in_hundredths(rows: np.ndarray[Any, np.dtype[np.uint32]], scale: int) -> Any:
    """Return rows with their amounts in hundredths instead of units."""
    low = rows[:, ROW_AMOUNT_LOW].astype(np.int64)
    high = (rows[:, ROW_COUNTRY_AND_AMOUNT_HIGH] >> 16).astype(np.int64)
    packed = low | high << 32
    amounts = (packed & 2**MANTISSA_BITS - 1) * 10 ** (packed >> MANTISSA_BITS)
    if (packed == _NOT_KNOWN).any() or (amounts % scale).any():
        raise ValueError("version 2 holds amounts of two decimals, and others are needed")
    amounts //= scale
    country = rows[:, ROW_COUNTRY_AND_AMOUNT_HIGH] & 0xFFFF
    rows[:, ROW_AMOUNT_LOW] = amounts & 0xFFFFFFFF
    rows[:, ROW_COUNTRY_AND_AMOUNT_HIGH] = country | (amounts >> 32 << 16).astype(np.uint32)
    return rows


def _coarser(
    words: np.ndarray[Any, np.dtype[np.int64]], scale: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return buckets in units as buckets in hundredths."""
    buckets = words.reshape(-1, BUCKET_WORDS).copy()
    for column in (BUCKET_SUM, BUCKET_MAX):
        buckets[:, column] //= scale
    buckets.view("<f8")[:, BUCKET_SPREAD] /= float(scale) ** 2
    return buckets
