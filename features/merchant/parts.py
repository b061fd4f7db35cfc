"""States of merchants as they are kept: short ones whole, long ones in parts.

The value of a long state is the header, with a bit set beside its version, then the entries of the
pages of both lists (pages.py), the labels and the payments that are in no page. So a payment writes
what has come since the newest page, and seldom a page. The header says whether anything else has
happened to the payments in pages. Those that have left at the front are skipped beside the entries:
their number is what the header's count of payments lacks.

Whole states that were in parts are held in memory, up to so many bytes, so that pages are read
once. The value says whether what is held is still the state.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from features.kernels.slices import stops_of
from features.merchant.pages import (
    CHANGED_AT,
    CHANGED_MERCHANT,
    CHANGED_NUMBER,
    CHANGED_RECORDS,
    ENTRY,
    LABELS,
    RECORD_BYTES,
    ROWS,
    are_possible,
    cut_pages,
    first_records,
    joined,
    numbers_in,
    records_in,
    with_skipped,
)
from features.merchant.state import (
    HEAD_GONE,
    HEAD_LABELS,
    HEAD_OLDER_CHANGES,
    HEAD_ROWS,
    HEAD_WORDS,
    VERSION,
)
from features.parts import Changes, Page
from features.state import StateError, damaged

_IN_PARTS: Final = 0x80
_MARK: Final = bytes([_IN_PARTS])
_VERSION_IN_PARTS: Final = bytes([_IN_PARTS | VERSION])
_WORD: Final = 8
_HEAD_BYTES: Final = _WORD * HEAD_WORDS
_HEAD: Final = struct.Struct(f"<{HEAD_WORDS}q")
_SIZES: Final = struct.Struct("<HH")
"""Bytes of the entries of labels and of payments."""
_ENTRIES_AT: Final = _HEAD_BYTES + _SIZES.size
SHORT_BYTES: Final = 4_096
"""Bytes of the longest state that is kept whole."""
_HELD_BYTES: Final = 64 << 20


class _Held(msgspec.Struct, gc=False):
    """A state in parts: its value, its pages, and the whole.

    Attributes:
        value: The value as it was written last.
        whole: The state.
        labels: The entries of the pages of labels.
        rows: The entries of the pages of payments.
        paged_labels: The labels that are in pages.
        paged: How many payments are in pages by the entries.
        gone: HEAD_GONE when the entries were written; what has left since is skipped beside them.
        changes: HEAD_OLDER_CHANGES of the state.
    """

    value: bytes
    whole: bytes
    labels: bytes
    rows: bytes
    paged_labels: bytes
    paged: int
    gone: int
    changes: int

    def take(self, whole: bytes) -> bool:
        """Become the next state, if that has the same pages; return whether it has."""
        head = _HEAD.unpack_from(whole)
        left, labels = head[HEAD_GONE] - self.gone, head[HEAD_LABELS]
        if head[HEAD_OLDER_CHANGES] != self.changes or left >= first_records(self.rows):
            return False
        in_pages = self.paged - left
        last_labels = RECORD_BYTES * labels - len(self.paged_labels)
        if head[HEAD_ROWS] - in_pages >= ROWS.tail or not 0 <= last_labels < _ROOM_OF_LABELS:
            return False
        if self.paged_labels and not whole.startswith(self.paged_labels, _HEAD_BYTES):
            return False
        self.whole = whole
        self.value = self._value_of(labels, in_pages)
        return True

    def written(self) -> None:
        """Make the value of a state whose entries are new."""
        head = _HEAD.unpack_from(self.whole)
        self.value = self._value_of(head[HEAD_LABELS], self.paged)

    def entries(self) -> tuple[bytes, bytes]:
        """Return the entries of both lists, with all that is skipped in them."""
        left = _HEAD.unpack_from(self.whole)[HEAD_GONE] - self.gone if self.rows else 0
        return self.labels, with_skipped(self.rows, left) if left else self.rows

    def _value_of(self, labels: int, in_pages: int) -> bytes:
        whole = self.whole
        rows_at = _HEAD_BYTES + RECORD_BYTES * labels
        return b"".join(
            (
                _VERSION_IN_PARTS,
                whole[1:_HEAD_BYTES],
                _SIZES.pack(len(self.labels), len(self.rows)),
                self.labels,
                self.rows,
                whole[_HEAD_BYTES + len(self.paged_labels) : rows_at],
                whole[rows_at + RECORD_BYTES * in_pages :],
            )
        )


_ROOM_OF_LABELS: Final = RECORD_BYTES * LABELS.tail


class MerchantParts:
    """The states of the merchants of one subtask; see features/parts.py."""

    def __init__(self, held_bytes: int = _HELD_BYTES) -> None:
        """Hold nothing yet; `held_bytes` is the most that whole states take in memory."""
        self._most = held_bytes
        self._bytes = 0
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def wanted(self, values: Mapping[str, bytes]) -> Sequence[Page]:
        """Return the pages of states in parts that are not held."""
        found: list[Page] = []
        for key, value in values.items():
            if value >= _MARK and not self._holds(key, value):
                found += [(key, number) for number in _read(value).numbers]
        return found

    def join(self, values: Mapping[str, bytes], pages: Mapping[Page, bytes]) -> dict[str, bytes]:
        """Return whole states by key; StateError where a page is missing or damaged."""
        found = dict(values)
        for key, value in values.items():
            if value >= _MARK:
                if not self._holds(key, value):
                    self._hold(key, _read(value).joined(key, value, pages))
                found[key] = self._held[key].whole
        return found

    def split(self, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Changes:
        """Return what has changed from the states that `join` gave to those of now."""
        changes = Changes({}, {})
        long: dict[str, _Held | None] = {}
        for key, whole in after.items():
            old = before.get(key)
            if whole is old:
                continue
            held = self._held.get(key)
            if held is not None and held.whole is not old:
                held = None  # Flink has forgotten the state that is held
            if held is None and len(whole) <= SHORT_BYTES:
                changes.values[key] = whole
            elif held is not None and held.take(whole):
                self._hold(key, held)
                changes.values[key] = held.value
            else:
                long[key] = held
        if long:
            self._cut(long, after, changes)
        while self._bytes > self._most:
            self._forget(next(iter(self._held)))
        return changes

    def _cut(
        self, long: Mapping[str, _Held | None], after: Mapping[str, bytes], changes: Changes
    ) -> None:
        """Cut long states, whose parts before are given, and note what is to be written."""
        keys = [*long]
        states: list[bytes] = []
        entries: list[bytes] = []
        for key, held in long.items():
            states += (held.whole if held else b"", after[key])
            entries += held.entries() if held else (b"", b"")
        cut, done, changed = cut_pages(
            np.frombuffer(b"".join(states), np.int64),
            stops_of(_lengths(states, _WORD)),
            np.frombuffer(b"".join(entries), np.int32),
            _lengths(entries, ENTRY.size),
        )
        now, at = cut.tobytes(), 0
        for key, sizes in zip(keys, done.tolist(), strict=True):
            label_pages, row_pages, labels, rows = sizes
            middle = at + ENTRY.size * label_pages
            end = middle + ENTRY.size * row_pages
            whole = after[key]
            if at < end:
                held = _in_parts(whole, now[at:middle], now[middle:end], labels, rows)
                self._hold(key, held)
                changes.values[key] = held.value
            else:
                self._forget(key)
                changes.values[key] = whole
            at = end
        for change in changed.tolist():
            key, place = keys[change[CHANGED_MERCHANT]], change[CHANGED_AT]
            size = RECORD_BYTES * change[CHANGED_RECORDS]
            content = after[key][place : place + size] if size else None
            changes.pages[key, change[CHANGED_NUMBER]] = content

    def _holds(self, key: str, value: bytes) -> bool:
        held = self._held.get(key)
        return held is not None and held.value == value

    def _hold(self, key: str, held: _Held) -> None:
        """Hold a state as the one that was used last."""
        self._forget(key)
        self._held[key] = held
        self._bytes += len(held.whole)

    def _forget(self, key: str) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self._bytes -= len(held.whole)


def _lengths(parts: Sequence[bytes], unit: int) -> npt.NDArray[np.int64]:
    return np.fromiter(map(len, parts), np.int64, len(parts)) // unit


def _in_parts(whole: bytes, of_labels: bytes, of_rows: bytes, labels: int, rows: int) -> _Held:
    """Return a state whose pages have these entries, so many labels and payments."""
    head = _HEAD.unpack_from(whole)
    paged_labels = whole[_HEAD_BYTES : _HEAD_BYTES + RECORD_BYTES * labels]
    counts = rows, head[HEAD_GONE], head[HEAD_OLDER_CHANGES]
    held = _Held(b"", whole, of_labels, of_rows, paged_labels, *counts)
    held.written()
    return held


class _Value(NamedTuple):
    """The value of a state in parts, read.

    Attributes:
        head: The header of the whole state.
        labels: The entries of the pages of labels.
        rows: The entries of the pages of payments.
        last_labels: The labels that are in no page.
        last_rows: The payments that are in no page.
        left: How many payments of the first page are skipped beside its entry.
    """

    head: bytes
    labels: bytes
    rows: bytes
    last_labels: bytes
    last_rows: bytes
    left: int

    @property
    def numbers(self) -> list[int]:
        return numbers_in(self.labels + self.rows)

    def joined(self, key: str, value: bytes, pages: Mapping[Page, bytes]) -> _Held:
        """Return the whole state; StateError where it does not have the pages that it names."""
        labels = _in_pages(key, self.labels, pages)
        rows = _in_pages(key, self.rows, pages)
        left = RECORD_BYTES * self.left
        whole = b"".join((self.head, labels, self.last_labels, rows[left:], self.last_rows))
        head = _HEAD.unpack(self.head)
        counts = len(rows) // RECORD_BYTES, head[HEAD_GONE] - self.left, head[HEAD_OLDER_CHANGES]
        return _Held(value, whole, self.labels, self.rows, labels, *counts)


def _read(value: bytes) -> _Value:
    """Return what a value in parts says; StateError where it contradicts itself."""
    try:
        head = _HEAD.unpack_from(value)
        of_labels, of_rows = _SIZES.unpack_from(value, _HEAD_BYTES)
        rows_at = _ENTRIES_AT + of_labels
        last_at = rows_at + of_rows
        labels, rows = value[_ENTRIES_AT:rows_at], value[rows_at:last_at]
        end = last_at + RECORD_BYTES * (head[HEAD_LABELS] - records_in(labels))
        left = records_in(rows) - head[HEAD_ROWS] + (len(value) - end) // RECORD_BYTES
    except struct.error as error:
        raise damaged(value, "merchant") from error
    possible = are_possible(LABELS, labels) and are_possible(ROWS, rows)
    fits = last_at <= end <= len(value) and not (len(value) - end) % RECORD_BYTES
    if not (possible and fits and 0 <= left < max(first_records(rows), 1)):
        raise damaged(value, "merchant")
    whole = bytes([value[0] & ~_IN_PARTS]) + value[1:_HEAD_BYTES]
    return _Value(whole, labels, rows, value[last_at:end], value[end:], left)


def _in_pages(key: str, entries: bytes, pages: Mapping[Page, bytes]) -> bytes:
    """Return the records of a list that are in pages; StateError where one does not fit."""
    numbers = numbers_in(entries)
    found = [pages.get((key, number)) for number in numbers]
    records = joined(entries, found)
    if records is not None:
        return records
    missing = [number for number, page in zip(numbers, found, strict=True) if page is None]
    what = f"lacks page {missing[0]}" if missing else "has a page of another size"
    raise StateError(
        f"merchant state of {key!r} {what}: its value names {len(numbers)} pages, which are "
        "written with it. Restore the job from a checkpoint"
    )
