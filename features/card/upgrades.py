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
    HEAD_COUNTS,
    ID_BYTES,
    NEVER_MS,
    ROW_AMOUNT_LOW,
    ROW_CELLS,
    ROW_COUNTRY_AND_AMOUNT_HIGH,
)
from features.kernels.statistics import LARGEST_SUM
from features.money.units import LARGEST_AMOUNT, MANTISSA_BITS, Unit
from features.state import Upgrades, damaged, head_of
from features.windows import MAX_CARD_EVENTS

_WORDS_OF_VERSION_1: Final = 9
_PLACE_OF_VERSION_1: Final = 6
_BYTES_OF_HEAD_2: Final = 96
_COUNTS_OF_VERSION_2: Final = slice(3, 6)
_HUNDREDTH: Final = 100
"""Ten-thousandths in a hundredth."""
_WORDS_OF_HEAD_3: Final = 12
_MAJOR_OF_VERSION_3: Final = 10_000
_AMOUNT_BITS_OF_VERSION_3: Final = 47
_CONTENT_MASK: Final = 2**24 - 1


def _with_a_home(state: bytes, _: Unit) -> bytes:
    """Turn version 1 into 2, which has a home: where the card last was, if that is known."""
    if len(state) < 8 * _WORDS_OF_VERSION_1:
        raise damaged(state, "card")
    head = np.frombuffer(state[: 8 * _WORDS_OF_VERSION_1], "<i8")
    has_place = head[_PLACE_OF_VERSION_1] != NEVER_MS
    home = np.array([has_place, *head[_PLACE_OF_VERSION_1 + 1 :]], "<i8")
    longer = np.concatenate([[2], head[1:], home]).astype("<i8")
    return longer.tobytes() + state[8 * _WORDS_OF_VERSION_1 :]


def _with_contents(state: bytes, _: Unit) -> bytes:
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
    bucket_words = _scaled(np.frombuffer(state[at_buckets:at_events], "<i8").copy(), _HUNDREDTH)
    forgotten_ms = bucket_words[-1, BUCKET_TIME] if buckets else NEVER_MS
    counts = events | ids << COUNT_BITS | buckets << 2 * COUNT_BITS
    new_head = np.array([3, *head[1:3], counts, *head[6:], 0, forgotten_ms], "<i8")
    parts = (new_head, id_words, bucket_words)
    return b"".join(part.astype("<i8").tobytes() for part in parts) + state[at_events:]


def _scaled(words: npt.NDArray[np.int64], scale: int) -> npt.NDArray[np.int64]:
    """Return buckets with amounts in a unit that is smaller by a factor."""
    buckets = words.reshape(-1, BUCKET_WORDS)
    for column in (BUCKET_SUM, BUCKET_MAX):
        coarse = np.minimum(buckets[:, column], LARGEST_SUM // scale)
        buckets[:, column] = coarse * scale
    reals = buckets.view("<f8")
    reals[:, BUCKET_SPREAD] *= float(scale) ** 2
    return buckets


def _with_a_currency(state: bytes, unit: Unit) -> bytes:
    """Turn version 3 into 4: amounts in units of a reference currency, which the header names.

    Version 3 knew no currencies: its ten-thousandths are taken to be the reference's.
    """
    size = 8 * _WORDS_OF_HEAD_3
    if len(state) < size:
        raise damaged(state, "card")
    head = np.frombuffer(state[:size], "<i8").copy()
    events, ids, buckets, loose = (int(head[HEAD_COUNTS]) >> 16 * n & 0xFFFF for n in range(4))
    at_buckets = size + ID_BYTES * (loose + ids)
    at_events = at_buckets + BUCKET_BYTES * buckets
    at_loose_times = at_events + EVENT_BYTES * events
    if len(state) != at_loose_times + 4 * loose:
        raise damaged(state, "card")
    scale = unit.per_major // _MAJOR_OF_VERSION_3
    bucket_words = _scaled(np.frombuffer(state[at_buckets:at_events], "<i8").copy(), scale)
    rows = _priced(np.frombuffer(state[at_events:at_loose_times], "<u4").copy(), scale)
    before = head_of(4, unit) + state[4:at_buckets]
    return before + bucket_words.tobytes() + rows.tobytes() + state[at_loose_times:]


def _priced(cells: npt.NDArray[np.uint32], scale: int) -> npt.NDArray[np.uint32]:
    """Return rows with 47 bits of hundredths or ten-thousandths as rows with 44 and a shift."""
    rows = cells.reshape(-1, ROW_CELLS)
    low = rows[:, ROW_AMOUNT_LOW].astype(np.int64)
    high = (rows[:, ROW_COUNTRY_AND_AMOUNT_HIGH] >> 16).astype(np.int64)
    packed = low | high << 32
    fine = packed >> _AMOUNT_BITS_OF_VERSION_3 != 0
    amount = np.where(fine, packed & 2**_AMOUNT_BITS_OF_VERSION_3 - 1, packed * _HUNDREDTH)
    amount = np.minimum(amount, LARGEST_AMOUNT // scale) * scale
    shift = np.zeros_like(amount)
    while (large := amount >> MANTISSA_BITS != 0).any():
        amount[large] //= 10
        shift[large] += 1
    packed = amount | shift << MANTISSA_BITS
    country = rows[:, ROW_COUNTRY_AND_AMOUNT_HIGH] & 0xFFFF
    rows[:, ROW_AMOUNT_LOW] = packed & 0xFFFFFFFF
    rows[:, ROW_COUNTRY_AND_AMOUNT_HIGH] = country | (packed >> 32 << 16).astype(np.uint32)
    return rows


UPGRADES: Final[Upgrades] = {1: _with_a_home, 2: _with_contents, 3: _with_a_currency}
"""Transition functions of older versions."""
