"""The packed state of a merchant, version 2: little-endian words of 8 bytes, int64.

| bytes | what |
| --- | --- |
| 40 | header, five words: see HEAD_* |
| 32 a known fraud | four words, by event time: see FRAUD_* |
| 16 a payment | two words, by event time: the sum, and time and count in one word |

Sums are hundredths of the major unit. Times of payments are ms after the base, the time of the
oldest row, in the low 36 bits, of which 68 days need 33; above them is the count. A count above 1
is a bucket: several rows of one cell of time, compacted, at the time of the newest.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import helper
from features.state import Upgrades
from features.windows import MAX_FRAUD_ROWS, MAX_MERCHANT_ROWS

VERSION: Final = 2

HEAD_VERSION: Final = 0
HEAD_BASE_MS: Final = 1
HEAD_SEQUENCE: Final = 2
HEAD_ROWS: Final = 3
HEAD_FRAUDS: Final = 4
HEAD_WORDS: Final = 5

FRAUD_TIME: Final = 0
FRAUD_LABEL_TIME: Final = 1
FRAUD_ID: Final = 2
FRAUD_COUNT: Final = 3
FRAUD_WORDS: Final = 4

ROW_SUM: Final = 0
ROW_TIME_AND_COUNT: Final = 1
ROW_WORDS: Final = 2

TIME_BITS: Final = 36
TIME_MASK: Final = 2**TIME_BITS - 1

FRAUD_BYTES: Final = 8 * FRAUD_WORDS
ROW_BYTES: Final = 8 * ROW_WORDS

EMPTY: Final = np.array([VERSION, 0, 0, 0, 0], "<i8").tobytes()
"""The state of a merchant before its first payment or label."""

_TIME_BITS_OF_VERSION_1: Final = 32


def _with_longer_times(state: bytes) -> bytes:
    """Turn version 1 into 2, whose times may lie further apart."""
    if len(state) % 8 or len(state) < 8 * HEAD_WORDS:
        return bytes([2]) + state[1:]  # cut: whoever reads it says so
    words = np.frombuffer(state, "<i8").copy()
    words[HEAD_VERSION] = 2
    at_rows = HEAD_WORDS + FRAUD_WORDS * int(words[HEAD_FRAUDS])
    packed = words[at_rows + ROW_TIME_AND_COUNT :: ROW_WORDS]
    time, count = packed & 2**_TIME_BITS_OF_VERSION_1 - 1, packed >> _TIME_BITS_OF_VERSION_1
    packed[:] = time | count << TIME_BITS
    return words.tobytes()


UPGRADES: Final[Upgrades] = {1: _with_longer_times}
"""Transition functions of older versions."""


class MerchantView(NamedTuple):
    """A packed state: its memory as words, its row counts, and the word where payments start."""

    words: npt.NDArray[np.int64]
    rows: int
    frauds: int
    at_rows: int


@helper
def state_size(rows: int, frauds: int) -> int:
    """Return the bytes of a state with so many rows and known frauds."""
    return 8 * HEAD_WORDS + FRAUD_BYTES * frauds + ROW_BYTES * rows


@helper
def view(state: npt.NDArray[Any], rows: int, frauds: int) -> MerchantView:
    """Return the view of a packed state that has so many rows and known frauds."""
    return MerchantView(state.view(np.int64), rows, frauds, HEAD_WORDS + FRAUD_WORDS * frauds)


@helper
def open_view(state: npt.NDArray[Any]) -> MerchantView:
    """Return the view of a packed state by its own header."""
    words = state.view(np.int64)
    return view(state, words[HEAD_ROWS], words[HEAD_FRAUDS])


@helper
def is_whole(state: npt.NDArray[Any]) -> bool:
    """Tell whether the counts in a packed state's header are possible and fit its length.

    Whatever the rows hold, no index of the kernels then leaves the state, nor the next one.
    """
    if len(state) < 8 * HEAD_WORDS or len(state) % 8 != 0:
        return False
    words = state.view(np.int64)
    rows, frauds = words[HEAD_ROWS], words[HEAD_FRAUDS]
    possible = 0 <= rows <= MAX_MERCHANT_ROWS and 0 <= frauds <= MAX_FRAUD_ROWS
    return possible and state_size(rows, frauds) == len(state)


@helper
def fraud_word(merchant: MerchantView, fraud: int, word: int) -> int:
    """Return one word of a known fraud."""
    return int(merchant.words[HEAD_WORDS + FRAUD_WORDS * fraud + word])


@helper
def sum_of(merchant: MerchantView, row: int) -> int:
    """Return the sum of a row (hundredths)."""
    return int(merchant.words[merchant.at_rows + ROW_WORDS * row + ROW_SUM])


@helper
def time_of(merchant: MerchantView, row: int) -> int:
    """Return the event time of a row (ms)."""
    packed = merchant.words[merchant.at_rows + ROW_WORDS * row + ROW_TIME_AND_COUNT]
    return int(merchant.words[HEAD_BASE_MS] + (packed & TIME_MASK))


@helper
def count_of(merchant: MerchantView, row: int) -> int:
    """Return how many payments a row stands for."""
    return int(merchant.words[merchant.at_rows + ROW_WORDS * row + ROW_TIME_AND_COUNT] >> TIME_BITS)


@helper
def put_row(words: npt.NDArray[np.int64], at: int, total: int, offset_ms: int, count: int) -> None:
    """Write a row at a word."""
    words[at + ROW_SUM] = total
    words[at + ROW_TIME_AND_COUNT] = offset_ms | count << TIME_BITS


@helper
def place_of(merchant: MerchantView, time_ms: int) -> int:
    """Return the row that a payment goes before: behind all that are as old or older."""
    at = merchant.rows
    while at > 0 and time_of(merchant, at - 1) > time_ms:
        at -= 1
    return at
