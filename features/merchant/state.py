"""The packed state of a merchant, version 5: little-endian words of 8 bytes, int64.

| bytes | what |
| --- | --- |
| 64 | header, eight words: see HEAD_* |
| 24 a label apart | three words, in order of arrival: see LABEL_* |
| 24 a payment | three words, by event time: the sum, time and count, and what its label says |

Sums are in units of the reference currency (money/units.py), whose letters stand behind the version
in the header's first word; NO_RATE where the currencies of all payments of a row had no rate. Times
of payments are ms after the base, in the low 36 bits; above them is the count. The base stays for
a year, so that rows stay as they are: see `steady_base`. A count above 1 is a bucket: several rows
of one cell of time, compacted, at the time of the newest.

The third word of a row holds the verdict in 2 bits, how long after the payment its label was given
in 37 (ms, 4.3 years at most), and above them 24 bits that name the payment (0: not known, from
version 2). The sign says that the label was given so long before the payment, which a label with a
cut time can be. A bucket has the number of its frauds there, and the newest of their label times.

A label apart has no row of its own: its payment is not there yet, or went into a bucket. Its time
is the label's, which may be cut: see `last_moment`.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import helper
from features.windows import (
    DAY_MS,
    HOUR_MS,
    MAX_LABELS,
    MAX_MERCHANT_ROWS,
    MINUTE_MS,
    SECOND_MS,
)

VERSION: Final = 5

HEAD_VERSION: Final = 0  # the lowest byte; the next three are letters of a currency
HEAD_BASE_MS: Final = 1
HEAD_SEQUENCE: Final = 2
HEAD_ROWS: Final = 3
HEAD_LABELS: Final = 4
HEAD_BUCKETS_UNTIL_MS: Final = 5
"""The time of the newest bucket that there ever was."""
HEAD_GONE: Final = 6
"""How many rows have ever left at the front, because they were too old."""
HEAD_OLDER_CHANGES: Final = 7
"""How often rows have changed or come that were not among the newest, or all by another base."""
HEAD_WORDS: Final = 8

NEWEST_ROWS: Final = 24

LABEL_TIME: Final = 0
LABEL_GIVEN: Final = 1
LABEL_WHO_AND_KIND: Final = 2
LABEL_WORDS: Final = 3

ROW_SUM: Final = 0
ROW_TIME_AND_COUNT: Final = 1
ROW_TOLD: Final = 2
ROW_WORDS: Final = 3

TIME_BITS: Final = 36
TIME_MASK: Final = 2**TIME_BITS - 1
_ROOM_MS: Final = 2 ** (TIME_BITS - 1)
"""How far before the oldest row a new base lies: 397 days."""

NOT_TOLD: Final = 0
FRAUD: Final = 1
GENUINE: Final = 2
_VERDICT_BITS: Final = 2
_VERDICT_MASK: Final = 2**_VERDICT_BITS - 1
_DELAY_BITS: Final = 37
_DELAY_MASK: Final = 2**_DELAY_BITS - 1
_WHO_SHIFT: Final = _VERDICT_BITS + _DELAY_BITS
WHO_BITS: Final = 24
_WHO_MASK: Final = 2**WHO_BITS - 1
_BEFORE: Final = -(2**63)
"""The sign of a row's third word: the label was given before the payment."""

KIND_FRAUD: Final = 1
KIND_COUNTED: Final = 2
"""The label's payment is taken to be in a bucket; without this bit the label waits."""

LABEL_BYTES: Final = 8 * LABEL_WORDS
ROW_BYTES: Final = 8 * ROW_WORDS

NEVER_MS: Final = -(2**62)
EMPTY: Final = np.array([VERSION, 0, 0, 0, 0, NEVER_MS, 0, 0], "<i8").tobytes()
"""The state of a merchant before anything came, still without a reference currency."""


class MerchantView(NamedTuple):
    """A packed state: its memory as words, its counts, and the word where payments start."""

    words: npt.NDArray[np.int64]
    rows: int
    labels: int
    at_rows: int


@helper
def state_size(rows: int, labels: int) -> int:
    """Return the bytes of a state with so many rows and labels apart."""
    return 8 * HEAD_WORDS + LABEL_BYTES * labels + ROW_BYTES * rows


@helper
def view(state: npt.NDArray[Any], rows: int, labels: int) -> MerchantView:
    """Return the view of a packed state that has so many rows and labels apart."""
    return MerchantView(state.view(np.int64), rows, labels, HEAD_WORDS + LABEL_WORDS * labels)


@helper
def open_view(state: npt.NDArray[Any]) -> MerchantView:
    """Return the view of a packed state by its own header."""
    words = state.view(np.int64)
    return view(state, words[HEAD_ROWS], words[HEAD_LABELS])


@helper
def is_whole(state: npt.NDArray[Any]) -> bool:
    """Return whether the counts in a packed state's header are possible and fit its length.

    Whatever the rows hold, no index of the kernels then leaves the state, nor the next one.
    """
    if len(state) < 8 * HEAD_WORDS or len(state) % 8 != 0:
        return False
    words = state.view(np.int64)
    rows, labels = words[HEAD_ROWS], words[HEAD_LABELS]
    possible = 0 <= rows <= MAX_MERCHANT_ROWS and 0 <= labels <= MAX_LABELS
    return possible and state_size(rows, labels) == len(state)


@helper
def steady_base(base_ms: int, oldest_ms: int, newest_ms: int) -> int:
    """Return the base for rows of a span of time: the old one where they can be counted from it."""
    if base_ms <= oldest_ms and newest_ms - base_ms <= TIME_MASK:
        return base_ms
    return oldest_ms - _ROOM_MS


@helper
def label_word(merchant: MerchantView, label: int, word: int) -> int:
    """Return one word of a label apart."""
    return int(merchant.words[HEAD_WORDS + LABEL_WORDS * label + word])


@helper
def label_kind(merchant: MerchantView, label: int) -> int:
    """Return the kind of a label apart: KIND_FRAUD, KIND_COUNTED, both, or 0."""
    return label_word(merchant, label, LABEL_WHO_AND_KIND) >> WHO_BITS


@helper
def label_who(merchant: MerchantView, label: int) -> int:
    """Return the token of the payment that a label apart names."""
    return label_word(merchant, label, LABEL_WHO_AND_KIND) & _WHO_MASK


@helper
def last_moment(time_ms: int) -> int:
    """Return the last moment that a label's time can stand for, by its own precision.

    A time that is no whole second stands for itself, a whole second and a whole minute for all of
    it, and a whole hour for 24 hours: it is a date in some zone, or cut to the hour.
    """
    if time_ms % SECOND_MS != 0:
        return time_ms
    if time_ms % MINUTE_MS != 0:
        return time_ms + SECOND_MS - 1
    return time_ms + (MINUTE_MS if time_ms % HOUR_MS != 0 else DAY_MS) - 1


@helper
def outlives(merchant: MerchantView, label: int, oldest_ms: int) -> bool:
    """Return whether a label apart is of a payment that may be newer than the oldest moment."""
    time_ms = label_word(merchant, label, LABEL_TIME)
    counted = label_kind(merchant, label) & KIND_COUNTED != 0
    return (time_ms if counted else last_moment(time_ms)) > oldest_ms


@helper
def put_label(
    words: npt.NDArray[np.int64], label: int, time_ms: int, given_ms: int, who: int, kind: int
) -> None:
    """Write a label apart."""
    at = HEAD_WORDS + LABEL_WORDS * label
    words[at + LABEL_TIME] = time_ms
    words[at + LABEL_GIVEN] = given_ms
    words[at + LABEL_WHO_AND_KIND] = who | kind << WHO_BITS


@helper
def sum_of(merchant: MerchantView, row: int) -> int:
    """Return the sum of a row (units), NO_RATE (below 0) where no amount is known."""
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
def told_of(merchant: MerchantView, row: int) -> int:
    """Return the word that says what is known of a row's fraud."""
    return int(merchant.words[merchant.at_rows + ROW_WORDS * row + ROW_TOLD])


@helper
def pack_told(verdict: int, delay_ms: int, who: int) -> int:
    """Return a row's third word: the verdict, the label's delay, and the payment's token.

    In a bucket `who` is the number of frauds.
    """
    told = verdict | min(abs(delay_ms), _DELAY_MASK) << _VERDICT_BITS | who << _WHO_SHIFT
    return told | _BEFORE if delay_ms < 0 else told


@helper
def verdict_in(told: int) -> int:
    """Return NOT_TOLD, FRAUD or GENUINE; FRAUD for a bucket with at least one."""
    return told & _VERDICT_MASK


@helper
def delay_in(told: int) -> int:
    """Return how long after the row's time its label was given (ms, below 0 for before it)."""
    delay_ms = told >> _VERDICT_BITS & _DELAY_MASK
    return -delay_ms if told < 0 else delay_ms


@helper
def who_in(told: int) -> int:
    """Return the token of a single payment, the number of frauds of a bucket."""
    return told >> _WHO_SHIFT & _WHO_MASK


@helper
def frauds_of(merchant: MerchantView, row: int) -> int:
    """Return how many payments of a row are frauds by their newest label."""
    told = told_of(merchant, row)
    if verdict_in(told) != FRAUD:
        return 0
    return who_in(told) if count_of(merchant, row) > 1 else 1


@helper
def known_frauds_of(merchant: MerchantView, row: int, time_ms: int) -> int:
    """Return how many payments of a row are frauds by a label given by `time_ms`."""
    told = told_of(merchant, row)
    if verdict_in(told) != FRAUD or time_of(merchant, row) + delay_in(told) > time_ms:
        return 0
    return who_in(told) if count_of(merchant, row) > 1 else 1


@helper
def put_row(
    words: npt.NDArray[np.int64], at: int, total: int, offset_ms: int, count: int, told: int
) -> None:
    """Write a row at a word."""
    words[at + ROW_SUM] = total
    words[at + ROW_TIME_AND_COUNT] = offset_ms | count << TIME_BITS
    words[at + ROW_TOLD] = told


@helper
def place_of(merchant: MerchantView, time_ms: int) -> int:
    """Return the row that a payment goes before: behind all that are as old or older."""
    low, high = 0, merchant.rows
    if high == 0 or time_of(merchant, high - 1) <= time_ms:
        return high
    while low < high:
        middle = (low + high) // 2
        if time_of(merchant, middle) <= time_ms:
            low = middle + 1
        else:
            high = middle
    return low


@helper
def has_buckets(merchant: MerchantView) -> bool:
    """Return whether a bucket is among the rows."""
    if merchant.rows == 0:
        return False
    return bool(time_of(merchant, 0) <= merchant.words[HEAD_BUCKETS_UNTIL_MS])
