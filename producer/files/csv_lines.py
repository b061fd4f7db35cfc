"""The lines of a CSV file told apart: rows of the right width, others, blank ones, open quotes.

Most lines are judged all at once by where their quotes and delimiters stand; only a line whose
quotes are not in pairs around whole values is read for itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from producer.files.form import Quotes

MOST_BREAKS: Final = 1_000
"""Lines that one quoted value may have; beyond, its quote counts as never closed."""

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LINE_FEED, _QUOTE = 10, 34


@dataclass(slots=True)
class Lines:
    """Lines of one block, judged.

    Attributes:
        starts, ends: Of each line, its first byte and its line feed; int64[n].
        widths: How many values each line has; int64[n].
        plain: Where width and quotes can be trusted; bool[n].
        blank: Where a line is none of a row, as it holds nothing but delimiters; bool[n].
    """

    starts: Positions
    ends: Positions
    widths: Positions
    plain: Mask
    blank: Mask


@dataclass(frozen=True, slots=True)
class Odd:
    """A line that was read for itself: its values, and how many lines they go over.

    unfinished tells that a quote, which opened in the last value, was not closed.
    """

    values: list[str]
    lines: int
    unfinished: bool


def judge(block: bytes, delimiter: str, quotes: Quotes) -> Lines:
    r"""Find the lines of a block, which ends with a line feed, and their widths.

    >>> judge(b'a;"b;c"\n;\na;"b\n', ";", "line").widths[:2].tolist()
    [2, 2]
    """
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == _LINE_FEED)
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))[: len(ends)]
    marks = np.flatnonzero(data == ord(delimiter))
    counts = _counts(marks, ends)
    blank = counts == ends - starts
    plain = np.ones(len(ends), np.bool_)
    if quotes != "none" and b'"' in block:
        found = np.flatnonzero(data == _QUOTE)
        plain = _paired(data, found, _counts(found, ends), ord(delimiter))
        # One byte counts quotes from 255 to 0, which keeps even and odd apart.
        passed = np.cumsum(data == _QUOTE, dtype=np.uint8)
        inside = (passed[marks] ^ np.repeat(passed[starts - 1] * (starts > 0), counts)) & 1
        marks = marks[inside == 0]
        counts = _counts(marks, ends)
    return Lines(starts, ends, counts + 1, plain, blank)


def _counts(places: Positions, ends: Positions) -> Positions:
    """Return how many places lie in each line, int64[n]."""
    return np.diff(np.searchsorted(places, ends), prepend=0)


def _paired(
    data: npt.NDArray[np.uint8], found: Positions, counts: Positions, delimiter: int
) -> Mask:
    """Tell for each line whether all its quotes enclose values or are doubled within one."""
    line = np.repeat(np.arange(len(counts)), counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    opens = (np.arange(len(found)) - before) & 1 == 0
    beside = np.where(opens, np.where(found > 0, data[found - 1], _LINE_FEED), data[found + 1])
    fits = (beside == delimiter) | (beside == _LINE_FEED) | (beside == _QUOTE)
    plain: Mask = counts & 1 == 0
    plain[line[~fits]] = False
    return plain


def read_odd(block: bytes, lines: Lines, at: int, delimiter: str, quotes: Quotes) -> Odd:
    """Read the line at an index for itself, and those behind it that its quotes take in.

    Bytes become characters one by one, so that values of any encoding survive.
    """
    last = min(at + (MOST_BREAKS if quotes == "multiline" else 1), len(lines.ends))
    taken, unfinished = 0, False

    def following() -> Iterator[str]:
        nonlocal taken, unfinished
        for index in range(at, last):
            taken += 1
            yield block[lines.starts[index] : lines.ends[index]].decode("latin-1") + "\n"
        unfinished = True  # the reader asks for one line more only within quotes

    try:
        values = next(csv.reader(following(), delimiter=delimiter))
    except csv.Error:  # a value is longer than the module takes
        return Odd([], taken, True)
    return Odd(values, taken, unfinished)


def written(values: list[str], delimiter: str) -> bytes:
    r"""Return values as a line in which every quote is one that encloses a value.

    >>> written(['5" disk', "x"], ",")
    b'"5"" disk",x\n'
    """
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(values)
    return line.getvalue().encode("latin-1")
