"""Upgrades of a card's state from older versions to the current one."""

from typing import Final

import numpy as np
import numpy.typing as npt

from features.card.state import (
    BUCKET_BYTES,
    BUCKET_MAX,
    BUCKET_SPREAD,
    BUCKET_SUM,
    BUCKET_TIME,
    BUCKET_WORDS,
    COUNT_BITS,
    EVENT_BYTES,
    ID_BYTES,
    NEVER_MS,
)
from features.kernels.statistics import LARGEST_SUM
from features.state import Upgrades, damaged
from features.windows import MAX_CARD_EVENTS

_WORDS_OF_VERSION_1: Final = 9
_PLACE_OF_VERSION_1: Final = 6
_BYTES_OF_HEAD_2: Final = 96
_COUNTS_OF_VERSION_2: Final = slice(3, 6)
_HUNDREDTH: Final = 100
_CONTENT_MASK: Final = 2**24 - 1


def _with_a_home(state: bytes) -> bytes:
    """Turn version 1 into 2, which has a home: where the card last was, if that is known."""
    if len(state) < 8 * _WORDS_OF_VERSION_1:
        raise damaged(state, "card")
    head = np.frombuffer(state[: 8 * _WORDS_OF_VERSION_1], "<i8")
    has_place = head[_PLACE_OF_VERSION_1] != NEVER_MS
    home = np.array([has_place, *head[_PLACE_OF_VERSION_1 + 1 :]], "<i8")
    longer = np.concatenate([[2], head[1:], home]).astype("<i8")
    return longer.tobytes() + state[8 * _WORDS_OF_VERSION_1 :]


def _with_contents(state: bytes) -> bytes:
    """Turn version 2 into 3: contents beside ids, amounts finer, counts in one word of the header.

    Contents stay unknown until the ids leave the horizon. Ids of compacted payments are gone, so
    what is as old as the newest bucket cannot be told from a repeat.
    """
    head = (
        np.frombuffer(state[:_BYTES_OF_HEAD_2], "<i8") if len(state) >= _BYTES_OF_HEAD_2 else None
    )
    if head is None:
        raise damaged(state, "card")
    events, ids, buckets = (int(count) for count in head[_COUNTS_OF_VERSION_2])
    possible = 0 <= ids <= events <= MAX_CARD_EVENTS and 0 <= buckets <= MAX_CARD_EVENTS
    at_buckets = _BYTES_OF_HEAD_2 + ID_BYTES * ids
    at_events = at_buckets + BUCKET_BYTES * buckets
    if not possible or len(state) != at_events + EVENT_BYTES * events:
        raise damaged(state, "card")
    # 63 bits of a hash become its first 39, and 24 bits of nothing.
    id_words = np.frombuffer(state[_BYTES_OF_HEAD_2:at_buckets], "<i8") & ~_CONTENT_MASK
    bucket_words = _finer(np.frombuffer(state[at_buckets:at_events], "<i8").copy())
    forgotten_ms = bucket_words[-1, BUCKET_TIME] if buckets else NEVER_MS
    counts = events | ids << COUNT_BITS | buckets << 2 * COUNT_BITS
    new_head = np.array([3, *head[1:3], counts, *head[6:], 0, forgotten_ms], "<i8")
    parts = (new_head, id_words, bucket_words)
    return b"".join(part.astype("<i8").tobytes() for part in parts) + state[at_events:]


def _finer(words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return buckets in hundredths as buckets in ten-thousandths."""
    buckets = words.reshape(-1, BUCKET_WORDS)
    for column in (BUCKET_SUM, BUCKET_MAX):
        coarse = np.minimum(buckets[:, column], LARGEST_SUM // _HUNDREDTH)
        buckets[:, column] = coarse * _HUNDREDTH
    reals = buckets.view("<f8")
    reals[:, BUCKET_SPREAD] *= _HUNDREDTH**2
    return buckets


UPGRADES: Final[Upgrades] = {1: _with_a_home, 2: _with_contents}
"""Transition functions of older versions."""
