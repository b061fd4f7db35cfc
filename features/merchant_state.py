"""The packed state of a merchant, version 1: little-endian columns, sorted by time.

| bytes | what |
| --- | --- |
| 40 | header, five int64: see HEAD_* |
| 32 a known fraud | int64 each: event time, label time, 63-bit hash of transaction_id, count |
| 16 a payment | sum int64, time uint32 (ms after the base), count uint32 |

Sums are hundredths of the major unit. A count above 1 is a bucket: several rows of one cell of
time, compacted, at the time of the newest. The base is the time of the oldest row.
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
HEAD_ROWS: Final = 3
HEAD_FRAUDS: Final = 4

HEADER_BYTES: Final = 40
FRAUD_BYTES: Final = 32
ROW_BYTES: Final = 16

EMPTY: Final = np.array([VERSION, 0, 0, 0, 0], "<i8").tobytes()
"""The state of a merchant before its first payment or label."""

UPGRADES: Final[Upgrades] = {}
"""Transition functions of older versions; version 1 is the first."""


class MerchantView(NamedTuple):
    """Columns of a packed state, sharing its memory."""

    head: npt.NDArray[np.int64]
    fraud_time: npt.NDArray[np.int64]
    fraud_label: npt.NDArray[np.int64]
    fraud_id: npt.NDArray[np.int64]
    fraud_count: npt.NDArray[np.int64]
    sums: npt.NDArray[np.int64]
    times: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint32]


@helper
def state_size(rows: int, frauds: int) -> int:
    """Return the bytes of a state with so many rows and known frauds."""
    return HEADER_BYTES + FRAUD_BYTES * frauds + ROW_BYTES * rows


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
    rows, frauds = head[HEAD_ROWS], head[HEAD_FRAUDS]
    ordered = 0 <= rows <= len(state) and 0 <= frauds <= len(state)
    return ordered and state_size(rows, frauds) == len(state)


@helper
def view(state: npt.NDArray[Any], rows: int, frauds: int) -> MerchantView:
    """Return the columns of a packed state that has so many rows and known frauds."""
    at = HEADER_BYTES
    eight = 8 * frauds
    at_sum = at + 4 * eight
    at_time = at_sum + 8 * rows
    at_count = at_time + 4 * rows
    return MerchantView(
        state[:at].view(np.int64),
        state[at : at + eight].view(np.int64),
        state[at + eight : at + 2 * eight].view(np.int64),
        state[at + 2 * eight : at + 3 * eight].view(np.int64),
        state[at + 3 * eight : at_sum].view(np.int64),
        state[at_sum:at_time].view(np.int64),
        state[at_time:at_count].view(np.uint32),
        state[at_count : at_count + 4 * rows].view(np.uint32),
    )


@helper
def time_of(columns: MerchantView, row: int) -> int:
    """Return the event time of a row (ms)."""
    return int(columns.head[HEAD_BASE_MS] + np.int64(columns.times[row]))


@helper
def place_of(columns: MerchantView, time_ms: int) -> int:
    """Return the row that a payment goes before: behind all that are as old or older."""
    at = len(columns.times)
    while at > 0 and time_of(columns, at - 1) > time_ms:
        at -= 1
    return at
