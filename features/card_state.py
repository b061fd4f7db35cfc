"""The packed state of a card, version 1: little-endian, columns of equal width, sorted by time.

| bytes | what |
| --- | --- |
| 72 | header, nine int64 (the last two float64): see HEAD_* |
| 8 a remembered id | 63-bit hash of the transaction_id, for the newest payments, in their order |
| 40 a bucket | of compacted payments: newest time, count, sum, max (int64), spread (float64) |
| 20 a payment | time uint32 (ms after the base), amount 32 low bits, merchant uint32, |
|  | amount 16 high bits, city, device, country uint16 |

Amounts are hundredths of the major unit. The base is the time of the oldest payment, so the same
content always gives the same bytes. A card with 60 payments in 30 days takes about 1.3 KB.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import helper
from features.state import Upgrades

VERSION: Final = 1

HEAD_VERSION: Final = 0
HEAD_BASE_MS: Final = 1
HEAD_SEQUENCE: Final = 2
HEAD_EVENTS: Final = 3
HEAD_IDS: Final = 4
HEAD_BUCKETS: Final = 5
HEAD_PLACE_MS: Final = 6
HEAD_PLACE_LAT: Final = 7
HEAD_PLACE_LON: Final = 8

HEADER_BYTES: Final = 72
ID_BYTES: Final = 8
BUCKET_BYTES: Final = 40
EVENT_BYTES: Final = 20

NO_PLACE_MS: Final = -(2**63)
"""Time of the last place while no payment had one."""

EMPTY: Final = np.array([VERSION, 0, 0, 0, 0, 0, NO_PLACE_MS, 0, 0], "<i8").tobytes()
"""The state of a card before its first payment."""

UPGRADES: Final[Upgrades] = {}
"""Transition functions of older versions; version 1 is the first."""


class CardView(NamedTuple):
    """Columns of a packed state, sharing its memory."""

    head: npt.NDArray[np.int64]
    place: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int64]
    bucket_time: npt.NDArray[np.int64]
    bucket_count: npt.NDArray[np.int64]
    bucket_sum: npt.NDArray[np.int64]
    bucket_max: npt.NDArray[np.int64]
    bucket_spread: npt.NDArray[np.float64]
    time: npt.NDArray[np.uint32]
    amount_low: npt.NDArray[np.uint32]
    merchant: npt.NDArray[np.uint32]
    amount_high: npt.NDArray[np.uint16]
    city: npt.NDArray[np.uint16]
    device: npt.NDArray[np.uint16]
    country: npt.NDArray[np.uint16]


@helper
def state_size(events: int, ids: int, buckets: int) -> int:
    """Return the bytes of a state with so many rows."""
    return HEADER_BYTES + ID_BYTES * ids + BUCKET_BYTES * buckets + EVENT_BYTES * events


@helper
def head_of(state: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the header of a packed state."""
    return state[:HEADER_BYTES].view(np.int64)


@helper
def is_whole(state: npt.NDArray[np.uint8]) -> bool:
    """Tell whether the length of a packed state fits the counts in its header."""
    if len(state) < HEADER_BYTES:
        return False
    head = head_of(state)
    events, ids, buckets = head[HEAD_EVENTS], head[HEAD_IDS], head[HEAD_BUCKETS]
    ordered = 0 <= ids <= events <= len(state) and 0 <= buckets <= len(state)
    return ordered and state_size(events, ids, buckets) == len(state)


@helper
def view(state: npt.NDArray[Any], events: int, ids: int, buckets: int) -> CardView:
    """Return the columns of a packed state that has so many rows."""
    at_buckets = HEADER_BYTES + ID_BYTES * ids
    eight = 8 * buckets
    at_time = at_buckets + BUCKET_BYTES * buckets
    four = 4 * events
    at_high = at_time + 3 * four
    two = 2 * events
    return CardView(
        state[:HEADER_BYTES].view(np.int64),
        state[:HEADER_BYTES].view(np.float64),
        state[HEADER_BYTES:at_buckets].view(np.int64),
        state[at_buckets : at_buckets + eight].view(np.int64),
        state[at_buckets + eight : at_buckets + 2 * eight].view(np.int64),
        state[at_buckets + 2 * eight : at_buckets + 3 * eight].view(np.int64),
        state[at_buckets + 3 * eight : at_buckets + 4 * eight].view(np.int64),
        state[at_buckets + 4 * eight : at_time].view(np.float64),
        state[at_time : at_time + four].view(np.uint32),
        state[at_time + four : at_time + 2 * four].view(np.uint32),
        state[at_time + 2 * four : at_high].view(np.uint32),
        state[at_high : at_high + two].view(np.uint16),
        state[at_high + two : at_high + 2 * two].view(np.uint16),
        state[at_high + 2 * two : at_high + 3 * two].view(np.uint16),
        state[at_high + 3 * two : at_high + 4 * two].view(np.uint16),
    )
