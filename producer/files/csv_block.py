"""One block of a CSV file's lines: which are rows that are read on, and why the others are not."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from events.errors import show
from producer.files.csv_lines import MOST_BREAKS, Lines, Odd, judge, read_odd, written
from producer.files.dialect import Dialect
from producer.files.form import Account, BrokenOffError, FileForm
from producer.values.rejects import Reject, row_sentence

_MEND: Final = (
    "close the quote, or say --quotes multiline if values hold line breaks, or --quotes none if "
    "quotes are characters like any other"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of a block that are read on, as text, with their lines in the block."""

    text: bytes
    at: npt.NDArray[np.int64]


@dataclass(slots=True)
class Block:
    """Whole lines of a file, judged; only those before `limit` count.

    Attributes:
        header: The line with the columns' names.
        first_row: The number of rows in front of this block.
        first_line: The number of lines in front of this block.
        limit: The line that cannot be read, or that needs the next block; else one behind all.
        broken: Why the file cannot be read behind the limit.
    """

    path: Path
    dialect: Dialect
    form: FileForm
    text: bytes
    header: bytes
    first_row: int
    first_line: int
    lines: Lines = field(init=False)
    limit: int = field(init=False)
    broken: BrokenOffError | None = None
    _odd: dict[int, Odd] = field(default_factory=dict)
    _taken: npt.NDArray[np.bool_] = field(init=False)
    _numbers: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = judge(self.text, self.dialect.delimiter, self.form.quotes)
        self.limit = len(self.lines.ends)
        self._pass_over_headers()
        self._taken = np.zeros(self.limit, np.bool_)

    def _pass_over_headers(self) -> None:
        """Take lines with the columns' names, as files put together have them, for blank ones."""
        again = {self.header, BOM_UTF8 + self.header}
        if self.header and self.header + b"\n" in self.text:
            lines = self.lines
            lengths = np.isin(lines.ends - lines.starts, [len(line) for line in again])
            for at in np.flatnonzero(lengths).tolist():
                lines.blank[at] |= self.text[lines.starts[at] : lines.ends[at]] in again

    def read_odd_lines(self, final: bool) -> None:
        """Read the lines whose quotes are not in pairs; final tells that no block follows."""
        behind = taken = 0
        counted = np.cumsum(~self.lines.blank)
        for at in np.flatnonzero(~self.lines.plain).tolist():
            if at < behind:
                continue
            odd = read_odd(self.text, self.lines, at, self.dialect.delimiter, self.form.quotes)
            row = self.first_row + int(counted[at]) - taken
            if odd.unfinished and row > self.form.skip_rows:
                self.limit = at
                whole = final or self.form.quotes == "line" or odd.lines >= MOST_BREAKS
                self.broken = self._open_quote(row, at, odd) if whole else None
                break
            if odd.unfinished:
                continue
            behind = at + odd.lines
            if self._holds_rows(at, behind):
                self.limit, self.broken = at, self._open_quote(row, at, odd)
                break
            self._taken[at + 1 : behind] = True
            taken += int((~self.lines.blank[at + 1 : behind]).sum())
            self._odd[at] = odd
        self._numbers = self.first_row + np.cumsum(self._is_row)

    @property
    def _is_row(self) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = ~(self.lines.blank | self._taken)
        return found

    @property
    def rest(self) -> bytes:
        """The text from the limit on."""
        return self.text[self.lines.starts[self.limit] :] if self.limit < len(self._taken) else b""

    def row(self, at: int) -> int:
        """Return the number of the row in a line."""
        return int(self._numbers[at])

    def rows(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the numbers of the rows in lines."""
        return self._numbers[at]

    def kept(self) -> tuple[Kept, list[Reject]]:
        """Return the rows that are read on, and those of another width."""
        columns = len(self.dialect.names)
        widths = self.lines.widths.copy()
        for at, odd in self._odd.items():
            widths[at] = len(odd.values)
        wanted = self._is_row & (self._numbers > self.form.skip_rows)
        wanted[self.limit :] = False
        fits = wanted & (widths == columns)
        rejects = [
            self._other_width(at, int(widths[at])) for at in np.flatnonzero(wanted & ~fits).tolist()
        ]
        return Kept(self._text(fits), np.flatnonzero(fits)), rejects

    def count(self, account: Account) -> None:
        """Add the lines before the limit to the account."""
        rows = self._is_row[: self.limit]
        account.lines += self.limit
        account.blank += int((self.lines.blank & ~self._taken)[: self.limit].sum())
        account.breaks += int(self._taken[: self.limit].sum())
        account.rows += int(rows.sum())
        skipped = rows & (self._numbers[: self.limit] <= self.form.skip_rows)
        account.skipped += int(skipped.sum())

    def _text(self, fits: npt.NDArray[np.bool_]) -> bytes:
        """Join the lines that are kept, those with odd quotes written anew."""
        whole = fits & self.lines.plain
        if whole.all():
            return self.text
        edges = np.flatnonzero(np.diff(whole, prepend=False, append=False))
        runs = {int(start): int(end) for start, end in zip(edges[::2], edges[1::2], strict=True)}
        parts = {
            start: self.text[self.lines.starts[start] : self.lines.ends[end - 1] + 1]
            for start, end in runs.items()
        }
        for at, odd in self._odd.items():
            if fits[at]:
                parts[at] = written(odd.values, self.dialect.delimiter)
        return b"".join(parts[start] for start in sorted(parts))

    def _holds_rows(self, at: int, behind: int) -> bool:
        """Tell whether a quote takes in lines that are rows by themselves."""
        inner = slice(at + 1, behind - 1)
        columns = len(self.dialect.names)
        return bool((self.lines.plain[inner] & (self.lines.widths[inner] == columns)).any())

    def _where(self, row: int, at: int) -> str:
        return f"{self.path}: row {row:,} (line {self.first_line + at + 1:,})"

    def _open_quote(self, row: int, at: int, odd: Odd) -> BrokenOffError:
        names = self.dialect.names
        place = len(odd.values) - 1
        column = f"column {show(names[place])}" if 0 <= place < len(names) else "the line"
        got = f"{odd.lines:,} lines" if self.form.quotes == "multiline" else "the end of its line"
        if not odd.unfinished:
            column, got = "the line", f"{odd.lines:,} lines with rows among them"
        return BrokenOffError(
            f"{self._where(row, at)}: expected the quote in {column} to be closed, got {got}; "
            f"{_MEND}"
        )

    def _other_width(self, at: int, width: int) -> Reject:
        columns = len(self.dialect.names)
        step = "quote values that hold the delimiter, or mend the line"
        text = self.text[self.lines.starts[at] : self.lines.ends[at]]
        if width == columns + 1 and text.endswith(self.dialect.delimiter.encode()):
            step = "end the line of names with the delimiter too, or mend the line"
        where = f"line {self.first_line + at + 1:,}"
        sentence = row_sentence("wrong_type", where, f"{columns} values", f"{width} values", step)
        return Reject(self.row(at), "wrong_type", sentence, {})
