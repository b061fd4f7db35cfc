"""The packed state of a card, version 4: little-endian rows of words (8 bytes) and cells (4 bytes).

| bytes | what |
| --- | --- |
| 96 | header, twelve words: see HEAD_*; places in float64, all else int64 |
| 8 a loose id | id and content of a compacted payment, by event time: see card/ids.py |
| 8 a remembered id | the same for the newest payments, in their order |
| 40 a bucket | of compacted payments, oldest first: see BUCKET_* |
| 20 a payment | five cells, oldest first: see ROW_* |
| 4 a loose id | its event time |

Amounts are in units of the reference currency (money/units.py), whose letters stand behind the
version in the header's first word. A row holds an amount in 48 bits: 44 of a mantissa, and above
them 4 of a power of ten. All 48 set say that the currency had no rate.

Times of payments are ms after the base, the time of the oldest payment, so the same content always
gives the same bytes. Times of loose ids have a base of their own. A card with 60 payments in 30
days takes about 1.3 KB.

Compiled code sees the state through three arrays over its memory and a few numbers. Not through a
named array for each column: numba makes an array view in 50 ns, and a column each took longer
than all the arithmetic.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import helper
from features.money.units import LARGEST_AMOUNT, MANTISSA_BITS, NO_RATE
from features.windows import MAX_CARD_EVENTS, MAX_LOOSE_IDS

VERSION: Final = 4

HEAD_VERSION: Final = 0  # the lowest byte; the next three are letters of a currency
HEAD_BASE_MS: Final = 1
HEAD_SEQUENCE: Final = 2
HEAD_COUNTS: Final = 3  # 16 bits each, from the lowest: payments, ids, buckets, loose ids
HEAD_PLACE_MS: Final = 4
HEAD_PLACE_LAT: Final = 5
HEAD_PLACE_LON: Final = 6
HEAD_HOME_COUNT: Final = 7
HEAD_HOME_LAT: Final = 8
HEAD_HOME_LON: Final = 9
HEAD_LOOSE_BASE_MS: Final = 10
HEAD_FORGOTTEN_MS: Final = 11  # event time of the newest id that went before its horizon
HEAD_WORDS: Final = 12

COUNT_BITS: Final = 16
_COUNT_MASK: Final = 2**COUNT_BITS - 1

BUCKET_TIME: Final = 0
BUCKET_COUNT: Final = 1  # 32 bits each: payments, and those of them without a known amount
BUCKET_SUM: Final = 2
BUCKET_MAX: Final = 3
BUCKET_SPREAD: Final = 4
BUCKET_WORDS: Final = 5

ROW_TIME: Final = 0
ROW_AMOUNT_LOW: Final = 1
ROW_MERCHANT: Final = 2
ROW_CITY_AND_DEVICE: Final = 3  # 16 bits each, the first in the low half
ROW_COUNTRY_AND_AMOUNT_HIGH: Final = 4  # 16 bits each, the first in the low half
ROW_CELLS: Final = 5

_MANTISSA_MASK: Final = 2**MANTISSA_BITS - 1
_NOT_KNOWN: Final = 2**48 - 1
"""The 48 bits of an amount that is not known."""

_HALF_BITS: Final = 32
_HALF_MASK: Final = 2**_HALF_BITS - 1

ID_BYTES: Final = 8
LOOSE_ID_BYTES: Final = ID_BYTES + 4
EVENT_BYTES: Final = 4 * ROW_CELLS
BUCKET_BYTES: Final = 8 * BUCKET_WORDS

NEVER_MS: Final = -(2**63)
"""Time of the last place while no payment had one, and of the last id that was forgotten."""

EMPTY: Final = np.array([VERSION, 0, 0, 0, NEVER_MS, *[0] * 6, NEVER_MS], "<i8").tobytes()
"""The state of a card before its first payment, still without a reference currency."""


class CardView(NamedTuple):
    """A packed state: its memory as int64, float64 and uint32, its row counts, where rows start.

    `at_ids` and `at_buckets` are words, `at_events` and `at_loose_times` cells; loose ids start
    behind the header.
    """

    words: npt.NDArray[np.int64]
    reals: npt.NDArray[np.float64]
    cells: npt.NDArray[np.uint32]
    events: int
    ids: int
    buckets: int
    loose: int
    at_ids: int
    at_buckets: int
    at_events: int
    at_loose_times: int


@helper
def state_size(events: int, ids: int, buckets: int, loose: int) -> int:
    """Return the bytes of a state with so many rows."""
    rows = ID_BYTES * ids + BUCKET_BYTES * buckets + EVENT_BYTES * events
    return 8 * HEAD_WORDS + rows + LOOSE_ID_BYTES * loose


@helper
def view(state: npt.NDArray[Any], events: int, ids: int, buckets: int, loose: int) -> CardView:
    """Return the view of a packed state that has so many rows."""
    words = state[: len(state) // 8 * 8].view(np.int64)
    cells = state[: len(state) // 4 * 4].view(np.uint32)
    at_ids = HEAD_WORDS + loose
    at_buckets = at_ids + ids
    at_events = 2 * (at_buckets + BUCKET_WORDS * buckets)
    return CardView(
        words,
        words.view(np.float64),
        cells,
        events,
        ids,
        buckets,
        loose,
        at_ids,
        at_buckets,
        at_events,
        at_events + ROW_CELLS * events,
    )


@helper
def counts_of(head: npt.NDArray[np.int64]) -> tuple[int, int, int, int]:
    """Return how many payments, ids, buckets and loose ids a header says."""
    counts = head[HEAD_COUNTS]
    return (
        counts & _COUNT_MASK,
        counts >> COUNT_BITS & _COUNT_MASK,
        counts >> 2 * COUNT_BITS & _COUNT_MASK,
        counts >> 3 * COUNT_BITS,
    )


@helper
def packed_counts(events: int, ids: int, buckets: int, loose: int) -> int:
    """Return the header's word of counts."""
    return events | ids << COUNT_BITS | buckets << 2 * COUNT_BITS | loose << 3 * COUNT_BITS


@helper
def open_view(state: npt.NDArray[Any]) -> CardView:
    """Return the view of a packed state by its own header."""
    events, ids, buckets, loose = counts_of(state[: 8 * HEAD_WORDS].view(np.int64))
    return view(state, events, ids, buckets, loose)


@helper
def is_whole(state: npt.NDArray[Any]) -> bool:
    """Tell whether the counts in a packed state's header are possible and fit its length.

    Whatever the rows hold, no index of the kernels then leaves the state, nor the next one.
    """
    if len(state) < 8 * HEAD_WORDS:
        return False
    events, ids, buckets, loose = counts_of(state[: 8 * HEAD_WORDS].view(np.int64))
    possible = ids <= events <= MAX_CARD_EVENTS and buckets <= MAX_CARD_EVENTS
    possible = possible and 0 <= loose <= MAX_LOOSE_IDS
    return bool(possible and state_size(events, ids, buckets, loose) == len(state))


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
    """Return the amount of a payment (units), NO_RATE where it is not known."""
    high = cell_of(card, row, ROW_COUNTRY_AND_AMOUNT_HIGH) >> 16
    packed = cell_of(card, row, ROW_AMOUNT_LOW) | high << 32
    if packed >> MANTISSA_BITS == 0:
        return packed
    return _unpacked(packed)


@helper
def _unpacked(packed: int) -> int:
    """Return the amount in 48 bits with a power of ten."""
    if packed == _NOT_KNOWN:
        return NO_RATE
    amount = int(packed & _MANTISSA_MASK)
    for _ in range(packed >> MANTISSA_BITS):
        amount = min(amount, LARGEST_AMOUNT // 10) * 10
    return amount


@helper
def packed_amount(amount: int) -> int:
    """Return an amount (units, or NO_RATE), as `money.units.storable` rounds it, in 48 bits."""
    if amount < 0:
        return _NOT_KNOWN
    shift = 0
    while amount >> MANTISSA_BITS != 0:
        amount //= 10
        shift += 1
    return amount | shift << MANTISSA_BITS


@helper
def loose_time_of(card: CardView, loose: int) -> int:
    """Return the event time of a loose id's payment (ms)."""
    offset = np.int64(card.cells[card.at_loose_times + loose])
    return int(card.words[HEAD_LOOSE_BASE_MS] + offset)


@helper
def bucket_word(card: CardView, bucket: int, word: int) -> int:
    """Return one integer word of a bucket."""
    return int(card.words[card.at_buckets + BUCKET_WORDS * bucket + word])


@helper
def bucket_count(card: CardView, bucket: int) -> int:
    """Return how many payments a bucket holds."""
    return bucket_word(card, bucket, BUCKET_COUNT) & _HALF_MASK


@helper
def bucket_priced(card: CardView, bucket: int) -> int:
    """Return how many payments of a bucket have a known amount."""
    return priced_in(bucket_word(card, bucket, BUCKET_COUNT))


@helper
def priced_in(counts: int) -> int:
    """Return how many payments have a known amount by a bucket's word of counts."""
    return (counts & _HALF_MASK) - (counts >> _HALF_BITS)


@helper
def packed_bucket_count(count: int, priced: int) -> int:
    """Return the word of a bucket for so many payments, `priced` of them with a known amount."""
    return count | (count - priced) << _HALF_BITS


@helper
def bucket_spread(card: CardView, bucket: int) -> float:
    """Return the sum of squared deviations of a bucket's known amounts."""
    return float(card.reals[card.at_buckets + BUCKET_WORDS * bucket + BUCKET_SPREAD])


@helper
def place_of(card: CardView, time_ms: int) -> int:
    """Return the row that a payment goes before: behind all that are as old or older."""
    at = card.events
    while at > 0 and time_of(card, at - 1) > time_ms:
        at -= 1
    return at
