"""Upgrades of a merchant's state from an older version to the next one.

Version 2 kept known frauds apart from their payments, and no payment's id. Frauds go to the payment
of their moment, or to the bucket of it; a fraud without either waits for a payment of its moment.
Rows keep no id, so later labels find them by their moment, as they did in version 2.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import interpreted
from features.kernels.statistics import LARGEST_SUM, bucket_width_ms
from features.merchant.state import (
    FRAUD,
    KIND_FRAUD,
    NEVER_MS,
    TIME_BITS,
    TIME_MASK,
    WHO_BITS,
    pack_told,
)
from features.money.units import Unit
from features.state import Upgrades, damaged, head_of
from features.windows import MAX_LABELS_OF_A_KIND, WIDEST_MERCHANT_BUCKET_MS

_pack_told = interpreted(pack_told)
_bucket_width_ms = interpreted(bucket_width_ms)

_Words = npt.NDArray[np.int64]

_HEAD_WORDS: Final = 5
_BASE_MS: Final = 1
_SEQUENCE: Final = 2
_ROWS: Final = 3
_FRAUDS: Final = 4
_FRAUD_WORDS: Final = 4
_ROW_WORDS: Final = 2
_MOST_ROWS: Final = 2_048
_MOST_FRAUDS: Final = 1_024
_TIME_BITS_OF_VERSION_1: Final = 32
_SCALE: Final = 100
"""Hundredths, in which version 2 had its sums, to ten-thousandths."""

_HEAD_WORDS_OF_VERSION_3: Final = 6
_LABELS: Final = 4
_LABEL_WORDS: Final = 3
_ROW_WORDS_OF_VERSION_3: Final = 3
_MAJOR_OF_VERSION_3: Final = 10_000

_HEAD_WORDS_OF_VERSION_4: Final = 6
_MORE_HEAD_WORDS: Final = 2


def _with_longer_times(state: bytes, _: Unit) -> bytes:
    """Turn version 1 into 2, whose times may lie further apart."""
    if len(state) % 8 or len(state) < 8 * _HEAD_WORDS:
        return bytes([2]) + state[1:]  # cut: the next transition refuses it
    words = np.frombuffer(state, "<i8").copy()
    words[0] = 2
    packed = words[_HEAD_WORDS + _FRAUD_WORDS * int(words[_FRAUDS]) + 1 :: _ROW_WORDS]
    time, count = packed & 2**_TIME_BITS_OF_VERSION_1 - 1, packed >> _TIME_BITS_OF_VERSION_1
    packed[:] = time | count << TIME_BITS
    return words.tobytes()


def _with_labels_in_rows(state: bytes, _: Unit) -> bytes:
    """Turn version 2 into 3, whose payments have their labels with them."""
    words = _whole(state)
    rows_at = _HEAD_WORDS + _FRAUD_WORDS * int(words[_FRAUDS])
    sums, packed = words[rows_at::_ROW_WORDS], words[rows_at + 1 :: _ROW_WORDS]
    times, counts = words[_BASE_MS] + (packed & TIME_MASK), packed >> TIME_BITS
    rows = _Rows(times, counts)
    for time_ms, given_ms, _, count in words[_HEAD_WORDS:rows_at].reshape(-1, _FRAUD_WORDS):
        rows.tell(int(time_ms), int(given_ms), int(count))
    waiting = rows.waiting[-MAX_LABELS_OF_A_KIND:]
    buckets = times[counts > 1]
    until_ms = int(buckets[-1]) if len(buckets) else NEVER_MS
    head = [3, words[_BASE_MS], words[_SEQUENCE], len(times), len(waiting), until_ms]
    labels = [(time_ms, given_ms, KIND_FRAUD << WHO_BITS) for time_ms, given_ms in waiting]
    scaled = np.minimum(sums, LARGEST_SUM // _SCALE) * _SCALE
    body = np.stack([scaled, packed, rows.told()], axis=1)
    return b"".join(np.array(part, "<i8").tobytes() for part in (head, labels, body))


def _whole(state: bytes) -> _Words:
    """Return the words of a state of version 2; StateError where it is not whole."""
    if len(state) % 8 or len(state) < 8 * _HEAD_WORDS:
        raise damaged(state, "merchant")
    words = np.frombuffer(state, "<i8")
    rows, frauds = int(words[_ROWS]), int(words[_FRAUDS])
    possible = 0 <= rows <= _MOST_ROWS and 0 <= frauds <= _MOST_FRAUDS
    if not possible or len(words) != _HEAD_WORDS + _FRAUD_WORDS * frauds + _ROW_WORDS * rows:
        raise damaged(state, "merchant")
    return words


class _Rows:
    """The payments of a state and how many frauds each row has, by when they are known."""

    def __init__(self, times: _Words, counts: _Words) -> None:
        self._times = times
        self._counts = counts
        self._frauds = np.zeros(len(times), np.int64)
        self._given_ms = np.full(len(times), NEVER_MS)
        self.waiting: list[tuple[int, int]] = []

    def tell(self, time_ms: int, given_ms: int, count: int) -> None:
        """Give a fraud to a row, and a bucket of frauds to the buckets from its time back."""
        row = self._single(time_ms)
        if count == 1 and row is not None:
            self._add(row, given_ms, 1)
            return
        row = self._bucket(time_ms)
        if count == 1 and (row is None or not self._room(row)):
            self.waiting.append((time_ms, given_ms))
            return
        while row is not None and row >= 0 and count:
            taken = min(count, self._room(row))
            self._add(row, given_ms, taken)
            row, count = row - 1, count - taken

    def told(self) -> _Words:
        """Return the third word of each row."""
        return np.array(
            [
                _pack_told(FRAUD, int(given - time), int(frauds) if count > 1 else 0)
                if frauds
                else 0
                for time, count, frauds, given in zip(
                    self._times, self._counts, self._frauds, self._given_ms, strict=True
                )
            ],
            np.int64,
        )

    def _single(self, time_ms: int) -> int | None:
        """Return the payment of a moment that is not a fraud yet."""
        first, end = np.searchsorted(self._times, [time_ms, time_ms + 1])
        free = (row for row in range(first, end) if self._counts[row] == 1 and self._room(row))
        return next(free, None)

    def _bucket(self, time_ms: int) -> int | None:
        """Return the bucket that a moment lies in."""
        row = int(np.searchsorted(self._times, time_ms))
        while row < len(self._times) and self._counts[row] == 1:
            row += 1
        if row == len(self._times):
            return None
        last_ms = int(self._times[row])
        width = _bucket_width_ms(int(self._times[-1]) - last_ms, WIDEST_MERCHANT_BUCKET_MS)
        return row if time_ms >= last_ms // width * width else None

    def _room(self, row: int) -> int:
        return int(self._counts[row] - self._frauds[row])

    def _add(self, row: int, given_ms: int, count: int) -> None:
        self._frauds[row] += count
        if count:
            self._given_ms[row] = max(self._given_ms[row], given_ms)


def _with_a_currency(state: bytes, unit: Unit) -> bytes:
    """Turn version 3 into 4: sums in units of a reference currency, which the header names.

    Version 3 knew no currencies: its ten-thousandths are taken to be the reference's.
    """
    if len(state) % 8 or len(state) < 8 * _HEAD_WORDS_OF_VERSION_3:
        raise damaged(state, "merchant")
    words = np.frombuffer(state, "<i8").copy()
    rows, labels = int(words[_ROWS]), int(words[_LABELS])
    at_rows = _HEAD_WORDS_OF_VERSION_3 + _LABEL_WORDS * labels
    if min(rows, labels) < 0 or len(words) != at_rows + _ROW_WORDS_OF_VERSION_3 * rows:
        raise damaged(state, "merchant")
    scale = unit.per_major // _MAJOR_OF_VERSION_3
    sums = words[at_rows::_ROW_WORDS_OF_VERSION_3]
    sums[:] = np.minimum(sums, LARGEST_SUM // scale) * scale
    return head_of(4, unit) + words.tobytes()[4:]


def _with_counts_of_changes(state: bytes, _: Unit) -> bytes:
    """Turn version 4 into 5, whose header says how rows have changed.

    The base, which was the time of the oldest row, may lie before it from now on.
    """
    head = 8 * _HEAD_WORDS_OF_VERSION_4
    if len(state) < head:
        raise damaged(state, "merchant")
    return b"\x05" + state[1:head] + bytes(8 * _MORE_HEAD_WORDS) + state[head:]


UPGRADES: Final[Upgrades] = {
    1: _with_longer_times,
    2: _with_labels_in_rows,
    3: _with_a_currency,
    4: _with_counts_of_changes,
}
"""Transition functions of older versions."""
