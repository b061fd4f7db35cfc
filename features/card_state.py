"""The packed state of a card, version 2: little-endian rows of words (8 bytes) and cells (4 bytes).

| bytes | what |
| --- | --- |
| 96 | header, twelve words: see HEAD_*; places in float64, all else int64 |
| 8 a remembered id | 63-bit hash of the transaction_id, for the newest payments, in their order |
| 40 a bucket | of compacted payments, oldest first: see BUCKET_* |
| 20 a payment | five cells, oldest first: see ROW_* |

Amounts are hundredths of the major unit. Times of payments are ms after the base, the time of the
oldest payment, so the same content always gives the same bytes. A card with 60 payments in 30 days
takes about 1.3 KB.

Compiled code sees the state through three arrays over its memory and a few numbers. Not through a
named array for each column: numba makes an array view in 50 ns, and a column each took longer
than all the arithmetic.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import helper
from features.state import Upgrades
from features.windows import MAX_CARD_EVENTS

VERSION: Final = 2

HEAD_VERSION: Final = 0
HEAD_BASE_MS: Final = 1
HEAD_SEQUENCE: Final = 2
HEAD_EVENTS: Final = 3
HEAD_IDS: Final = 4
HEAD_BUCKETS: Final = 5
HEAD_PLACE_MS: Final = 6
HEAD_PLACE_LAT: Final = 7
HEAD_PLACE_LON: Final = 8
HEAD_HOME_COUNT: Final = 9
HEAD_HOME_LAT: Final = 10
HEAD_HOME_LON: Final = 11
HEAD_WORDS: Final = 12

BUCKET_TIME: Final = 0
BUCKET_COUNT: Final = 1
BUCKET_SUM: Final = 2
BUCKET_MAX: Final = 3
BUCKET_SPREAD: Final = 4
BUCKET_WORDS: Final = 5

ROW_TIME: Final = 0
ROW_AMOUNT_LOW: Final = 1
ROW_MERCHANT: Final = 2
ROW_CITY_AND_DEVICE: Final = 3  # 16 bits each, the first in the low half
ROW_COUNTRY_AND_AMOUNT_HIGH: Final = 4
ROW_CELLS: Final = 5

ID_BYTES: Final = 8
EVENT_BYTES: Final = 4 * ROW_CELLS
BUCKET_BYTES: Final = 8 * BUCKET_WORDS

NEVER_MS: Final = -(2**63)
"""Time of the last place while no payment had one."""

EMPTY: Final = np.array([VERSION, 0, 0, 0, 0, 0, NEVER_MS, 0, 0, 0, 0, 0], "<i8").tobytes()
"""The state of a card before its first payment."""

_WORDS_OF_VERSION_1: Final = 9


def _with_a_home(state: bytes) -> bytes:
    """Turn version 1 into 2, which has a home: where the card last was, if that is known."""
    if len(state) < 8 * _WORDS_OF_VERSION_1:
        return bytes([2]) + state[1:]  # cut: whoever reads it says so
    head = np.frombuffer(state[: 8 * _WORDS_OF_VERSION_1], "<i8")
    home = np.array([head[HEAD_PLACE_MS] != NEVER_MS, *head[HEAD_PLACE_LAT:]], "<i8")
    longer = np.concatenate([[2], head[1:], home]).astype("<i8")
    return longer.tobytes() + state[8 * _WORDS_OF_VERSION_1 :]


UPGRADES: Final[Upgrades] = {1: _with_a_home}
"""Transition functions of older versions."""


class CardView(NamedTuple):
    """A packed state: its memory as int64, float64 and uint32, its row counts, where rows start."""

    words: npt.NDArray[np.int64]
    reals: npt.NDArray[np.float64]
    cells: npt.NDArray[np.uint32]
    events: int
    ids: int
    buckets: int
    at_buckets: int
    at_events: int


@helper
def state_size(events: int, ids: int, buckets: int) -> int:
    """Return the bytes of a state with so many rows."""
    return 8 * HEAD_WORDS + ID_BYTES * ids + BUCKET_BYTES * buckets + EVENT_BYTES * events


@helper
def view(state: npt.NDArray[Any], events: int, ids: int, buckets: int) -> CardView:
    """Return the view of a packed state that has so many rows."""
    words = state[: len(state) // 8 * 8].view(np.int64)
    cells = state[: len(state) // 4 * 4].view(np.uint32)
    at_buckets = HEAD_WORDS + ids
    at_events = 2 * (at_buckets + BUCKET_WORDS * buckets)
    return CardView(
        words, words.view(np.float64), cells, events, ids, buckets, at_buckets, at_events
    )


@helper
def open_view(state: npt.NDArray[Any]) -> CardView:
    """Return the view of a packed state by its own header."""
    head = state[: 8 * HEAD_WORDS].view(np.int64)
    return view(state, head[HEAD_EVENTS], head[HEAD_IDS], head[HEAD_BUCKETS])


@helper
def is_whole(state: npt.NDArray[Any]) -> bool:
    """Tell whether the counts in a packed state's header are possible and fit its length.

    Whatever the rows hold, no index of the kernels then leaves the state, nor the next one.
    """
    if len(state) < 8 * HEAD_WORDS:
        return False
    head = state[: 8 * HEAD_WORDS].view(np.int64)
    events, ids, buckets = head[HEAD_EVENTS], head[HEAD_IDS], head[HEAD_BUCKETS]
    possible = 0 <= ids <= events <= MAX_CARD_EVENTS and 0 <= buckets <= MAX_CARD_EVENTS
    return possible and state_size(events, ids, buckets) == len(state)


@helper
def cell_of(card: CardView, row: int, cell: int) -> int:
    """Return one cell of a payment."""
    return int(np.int64(card.cells[card.at_events + ROW_CELLS * row + cell]))


@helper
def time_of(card: CardView, row: int) -> int:
    """Return the event time of a payment (ms)."""
    return int(card.words[HEAD_BASE_MS] + cell_of(card, row, ROW_TIME))


@helper
def amount_of(card: CardView, row: int) -> int:
    """Return the amount of a payment (hundredths)."""
    high = cell_of(card, row, ROW_COUNTRY_AND_AMOUNT_HIGH) >> 16
    return cell_of(card, row, ROW_AMOUNT_LOW) | high << 32


@helper
def bucket_word(card: CardView, bucket: int, word: int) -> int:
    """Return one integer word of a bucket."""
    return int(card.words[card.at_buckets + BUCKET_WORDS * bucket + word])


@helper
def bucket_spread(card: CardView, bucket: int) -> float:
    """Return the sum of squared deviations of a bucket's amounts."""
    return float(card.reals[card.at_buckets + BUCKET_WORDS * bucket + BUCKET_SPREAD])


@helper
def place_of(card: CardView, time_ms: int) -> int:
    """Return the row that a payment goes before: behind all that are as old or older."""
    at = card.events
    while at > 0 and time_of(card, at - 1) > time_ms:
        at -= 1
    return at
