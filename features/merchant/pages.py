"""Pages of merchants' long lists: payments, and labels apart. Compiled, for a batch of merchants.

The newest records of a list, `Kind.tail` of them at most, are in no page. A page has up to 48
records, one behind the other. Records that go from the front of a page are skipped in it, until the
page has no others and goes itself. A record that comes, goes or changes in between has its page
written anew.

What happened to a list is found by walking along the list as it was and as it is. Payments are in
the order of time, so an unknown one before the next known one has come. Labels only come at the
end. Whatever the walk takes for the same, a page stays only where all its records are equal.

A directory entry has 4 bytes: the page's number in two, how many records are skipped, how many the
page has.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import SOURCES, entry_point, helper
from features.merchant.state import (
    HEAD_BASE_MS,
    HEAD_LABELS,
    HEAD_ROWS,
    HEAD_WORDS,
    LABEL_WORDS,
    NEWEST_ROWS,
    ROW_TIME_AND_COUNT,
    ROW_WORDS,
    TIME_MASK,
)

Words = npt.NDArray[np.int64]
Entries = npt.NDArray[np.int32]

PAGE_RECORDS: Final = 48
RECORD_WORDS: Final = ROW_WORDS
RECORD_BYTES: Final = 8 * RECORD_WORDS
assert LABEL_WORDS == ROW_WORDS, "one size of records for both lists"

ENTRY: Final = struct.Struct("<HBB")
_SKIPPED_SHIFT: Final = 16
_RECORDS_SHIFT: Final = 24
_NUMBER_MASK: Final = (1 << _SKIPPED_SHIFT) - 1
_COUNT_MASK: Final = 0xFF

_MOST_NUMBERS: Final = 1_024
"""More than a list of any length has pages, before and after a change together."""

DONE_LABEL_PAGES: Final = 0
DONE_ROW_PAGES: Final = 1
DONE_LABELS: Final = 2  # labels in pages
DONE_ROWS: Final = 3
DONE_COLUMNS: Final = 4

CHANGED_MERCHANT: Final = 0  # its place in the batch
CHANGED_NUMBER: Final = 1
CHANGED_AT: Final = 2  # byte of the state where the page's records lie
CHANGED_RECORDS: Final = 3  # 0 for a page to delete
CHANGED_COLUMNS: Final = 4


class Kind(NamedTuple):
    """One of the two lists.

    Attributes:
        first: Number of the first page.
        tail: From so many records on that are in no page, some go into one.
        spill: How many of these stay behind then.
        by_time: True if the records are in the order of time.
    """

    first: int
    tail: int
    spill: int
    by_time: bool


ROWS: Final = Kind(first=0, tail=48, spill=NEWEST_ROWS, by_time=True)
LABELS: Final = Kind(first=0x8000, tail=16, spill=8, by_time=False)


class _Lists(NamedTuple):
    """What the kernel closes over; `sources` is a part of its cache's key."""

    rows: Kind
    labels: Kind
    sources: int


class _List(NamedTuple):
    """A list in a memory: the word where it begins, its records, the base of their times."""

    words: Words
    at: int
    records: int
    base_ms: int


class _Pages(NamedTuple):
    """Pages of one list: number, skipped records, place of the others in the list, their count."""

    number: Words
    skipped: Words
    first: Words
    records: Words
    written: npt.NDArray[np.bool_]
    used: npt.NDArray[np.bool_]


@helper
def _no_pages() -> _Pages:
    return _Pages(
        np.empty(_MOST_NUMBERS, np.int64),
        np.empty(_MOST_NUMBERS, np.int64),
        np.empty(_MOST_NUMBERS, np.int64),
        np.empty(_MOST_NUMBERS, np.int64),
        np.empty(_MOST_NUMBERS, np.bool_),
        np.empty(_MOST_NUMBERS, np.bool_),
    )


@helper
def _labels_of(words: Words, at: int, size: int) -> _List:
    """Return the labels of a state of so many words, none where there is no state."""
    if size == 0:
        return _List(words, at, 0, 0)
    return _List(words, at + HEAD_WORDS, words[at + HEAD_LABELS], 0)


@helper
def _rows_of(words: Words, at: int, size: int) -> _List:
    """Return the payments of a state, likewise."""
    if size == 0:
        return _List(words, at, 0, 0)
    first = at + HEAD_WORDS + LABEL_WORDS * words[at + HEAD_LABELS]
    return _List(words, first, words[at + HEAD_ROWS], words[at + HEAD_BASE_MS])


@helper
def _is_same(old: _List, i: int, new: _List, j: int) -> bool:
    """Return whether two records have the same words, which count from the same base."""
    a, b = old.at + RECORD_WORDS * i, new.at + RECORD_WORDS * j
    same = old.base_ms == new.base_ms and old.words[a] == new.words[b]
    same = same and old.words[a + 1] == new.words[b + 1]
    return bool(same and old.words[a + 2] == new.words[b + 2])


@helper
def _time_in(rows: _List, row: int) -> int:
    """Return the time of a payment (ms)."""
    packed = rows.words[rows.at + RECORD_WORDS * row + ROW_TIME_AND_COUNT]
    return int(rows.base_ms + (packed & TIME_MASK))


@helper
def _put(
    pages: _Pages, page: int, number: int, skipped: int, first: int, records: int, written: bool
) -> int:
    """Put a page at a place of the plan; return the place behind."""
    pages.number[page] = number
    pages.skipped[page] = skipped
    pages.first[page] = first
    pages.records[page] = records
    pages.written[page] = written
    return page + 1


@helper
def _free_number(pages: _Pages) -> int:
    """Take the smallest number that no page has had before or has now."""
    number = 0
    while pages.used[number]:
        number += 1
    pages.used[number] = True
    return number


@helper
def _lay_out(pages: _Pages, page: int, number: int, first: int, records: int) -> int:
    """Write records into pages of equal size, the first of this number (-1: a free one)."""
    count = -(-records // PAGE_RECORDS)
    size = -(-records // count)
    for start in range(0, records, size):
        mine = number if start == 0 and number >= 0 else _free_number(pages)
        page = _put(pages, page, mine, 0, first + start, min(size, records - start), True)
    return page


@helper
def _walk(kind: Kind, old: _List, new: _List, entries: Entries, pages: _Pages) -> tuple[int, int]:
    """Find the pages of a list in what it is now; return how many there are, and their records."""
    i, j, made = 0, 0, 0
    for entry in range(len(entries)):
        number = (entries[entry] & _NUMBER_MASK) - kind.first
        skipped = entries[entry] >> _SKIPPED_SHIFT & _COUNT_MASK
        end = i + (entries[entry] >> _RECORDS_SHIFT & _COUNT_MASK) - skipped
        first, gone, begun, changed = j, 0, False, False
        while i < end:
            if j < new.records and _is_same(old, i, new, j):
                i, j, begun = i + 1, j + 1, True
                continue
            if kind.by_time and j < new.records:
                before, now = _time_in(old, i), _time_in(new, j)
                if before >= now:
                    i, j, begun, changed = i + (before == now), j + 1, True, True
                    continue
            changed = changed or begun
            gone += 0 if begun else 1
            i += 1
        if j > first:
            if changed:
                made = _lay_out(pages, made, number, first, j - first)
            else:
                made = _put(pages, made, number, skipped + gone, first, j - first, False)
    return made, j


@helper
def _spill(kind: Kind, new: _List, pages: _Pages, made: int, done: int) -> tuple[int, int]:
    """Write the older records that are in no page where these are many; return as `_walk`."""
    if new.records - done < kind.tail:
        return made, done
    records = new.records - done - kind.spill
    if made > 0 and pages.records[made - 1] + records <= PAGE_RECORDS:
        last = made - 1
        together = pages.records[last] + records
        _put(pages, last, pages.number[last], 0, pages.first[last], together, True)
    else:
        made = _lay_out(pages, made, -1, done, records)
    return made, done + records


class _Cut(NamedTuple):
    """What is found: entries, CHANGED_* of the pages, and how many there are of both."""

    entries: Entries
    changed: Words
    ends: Words


@helper
def _note_change(found: _Cut, merchant: int, number: int, at: int, records: int) -> None:
    """Note a page to write, or to delete where it has no records."""
    place = found.ends[1]
    found.changed[place, CHANGED_MERCHANT] = merchant
    found.changed[place, CHANGED_NUMBER] = number
    found.changed[place, CHANGED_AT] = at
    found.changed[place, CHANGED_RECORDS] = records
    found.ends[1] = place + 1


@helper
def _cut(
    kind: Kind,
    merchant: int,
    old: _List,
    new: _List,
    start: int,
    before: Entries,
    pages: _Pages,
    found: _Cut,
) -> tuple[int, int]:
    """Cut a list of a merchant's, whose entries were `before`; return pages and records in them.

    The state as it is begins at the word `start`.
    """
    pages.used[:] = False
    for entry in range(len(before)):
        pages.used[(before[entry] & _NUMBER_MASK) - kind.first] = True
    made, done = _walk(kind, old, new, before, pages)
    made, done = _spill(kind, new, pages, made, done)
    if made > 2 * (done // PAGE_RECORDS + 1):
        made = _lay_out(pages, 0, -1, 0, done)
    for page in range(made):
        number, skipped = kind.first + pages.number[page], pages.skipped[page]
        records = skipped + pages.records[page]
        entry = number | skipped << _SKIPPED_SHIFT | records << _RECORDS_SHIFT
        found.entries[found.ends[0]] = entry
        found.ends[0] += 1
        pages.used[pages.number[page]] = False
        if pages.written[page]:
            at = 8 * (new.at + RECORD_WORDS * pages.first[page] - start)
            _note_change(found, merchant, number, at, records)
    for entry in range(len(before)):
        number = before[entry] & _NUMBER_MASK
        if pages.used[number - kind.first]:
            _note_change(found, merchant, number, 0, 0)
    return made, done


@helper
def _room(stops: Words, pages_before: Words) -> int:
    """Return how many pages and changes there can be at most."""
    room = 0
    for merchant in range(len(pages_before) // 2):
        records = (stops[2 * merchant + 2] - stops[2 * merchant + 1]) // RECORD_WORDS
        before = pages_before[2 * merchant] + pages_before[2 * merchant + 1]
        room += 3 * before + records // 4 + 8
    return room


def _build(lists: _Lists) -> Callable[..., tuple[Entries, Words, Words]]:
    """Return the kernel for both lists, which it closes over."""

    @entry_point
    def cut_pages(
        words: Words, stops: Words, entries: Entries, pages_before: Words
    ) -> tuple[Entries, Words, Words]:
        """Cut the lists of n merchants.

        Args:
            words: For each merchant the state as it was, nothing where there was none, and as it
                is.
            stops: Where these begin, in words, and the end, int64[2 n + 1].
            entries: The entries before: of the labels of a merchant, then of its payments.
            pages_before: How many entries these are, int64[2 n].

        Returns the entries as they are now, DONE_* as int64[n, columns], and CHANGED_* as int64[m,
        columns].
        """
        n, room = len(pages_before) // 2, _room(stops, pages_before)
        changed = np.empty((room, CHANGED_COLUMNS), np.int64)
        found = _Cut(np.empty(room, np.int32), changed, np.zeros(2, np.int64))
        done, pages, at = np.empty((n, DONE_COLUMNS), np.int64), _no_pages(), 0
        for m in range(n):
            was, now, behind = stops[2 * m], stops[2 * m + 1], stops[2 * m + 2]
            middle = at + pages_before[2 * m]
            end = middle + pages_before[2 * m + 1]
            old, new = _labels_of(words, was, now - was), _labels_of(words, now, behind - now)
            in_pages = _cut(lists.labels, m, old, new, now, entries[at:middle], pages, found)
            done[m, DONE_LABEL_PAGES], done[m, DONE_LABELS] = in_pages
            old, new = _rows_of(words, was, now - was), _rows_of(words, now, behind - now)
            in_pages = _cut(lists.rows, m, old, new, now, entries[middle:end], pages, found)
            done[m, DONE_ROW_PAGES], done[m, DONE_ROWS] = in_pages
            at = end
        return found.entries[: found.ends[0]], done, changed[: found.ends[1]]

    return cut_pages


cut_pages: Final = _build(_Lists(ROWS, LABELS, SOURCES))


def numbers_in(entries: bytes) -> list[int]:
    """Return the numbers of pages; struct.error where these are no entries."""
    return [number for number, _, _ in ENTRY.iter_unpack(entries)]


def records_in(entries: bytes) -> int:
    """Return how many records pages have, without skipped ones; struct.error likewise."""
    return sum(records - skipped for _, skipped, records in ENTRY.iter_unpack(entries))


def first_records(entries: bytes) -> int:
    """Return how many records the first page has without skipped ones, 0 without a page."""
    if not entries:
        return 0
    _, skipped, records = ENTRY.unpack_from(entries)
    return int(records - skipped)


def with_skipped(entries: bytes, more: int) -> bytes:
    """Return entries with more records skipped in the first page, fewer than it has."""
    number, skipped, records = ENTRY.unpack_from(entries)
    return ENTRY.pack(number, skipped + more, records) + entries[ENTRY.size :]


def are_possible(kind: Kind, entries: bytes) -> bool:
    """Return whether entries are such as `cut_pages` writes: of numbers that it can count."""
    found = [*ENTRY.iter_unpack(entries)]
    numbers = {number - kind.first for number, _, _ in found}
    whole = all(skipped < records <= PAGE_RECORDS for _, skipped, records in found)
    return whole and len(numbers) == len(found) and numbers <= {*range(_MOST_NUMBERS // 2)}


def joined(entries: bytes, pages: Iterable[bytes | None]) -> bytes | None:
    """Return the records of pages; None where a page does not fit its entry."""
    found = []
    for (_, skipped, records), page in zip(ENTRY.iter_unpack(entries), pages, strict=True):
        if page is None or len(page) != RECORD_BYTES * records:
            return None
        found.append(page[RECORD_BYTES * skipped :])
    return b"".join(found)
