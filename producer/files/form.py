"""Form of a file as its caller gives it, and the account of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from producer.files.layouts import LayoutError

Decimal = Literal["point", "comma"]
DECIMALS: Final[tuple[Decimal, ...]] = get_args(Decimal)

Quotes = Literal["line", "multiline", "none"]
QUOTES: Final[tuple[Quotes, ...]] = get_args(Quotes)

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
"""The delimiters that are found by themselves, with the names that --delimiter takes too."""


@dataclass(frozen=True, slots=True)
class FileForm:
    """Form of a file as given; None is found by the reader.

    A quoted value ends on its line ("line"), may hold line breaks ("multiline"), or a quote is a
    character like any other ("none"). The first skip_rows rows are left out.
    """

    delimiter: str | None = None
    decimal: Decimal | None = None
    encoding: str | None = None
    quotes: Quotes = "line"
    skip_rows: int = 0


def refuse_unused(path: Path, kind: str, form: FileForm, *names: str) -> None:
    """Raise LayoutError where something is said of a form that a kind of file does not have."""
    for name in names:
        if getattr(form, name) != getattr(AS_FOUND, name):
            raise LayoutError(
                f"{path}: expected CSV for --{name}, got {kind}, which has none; leave out --{name}"
            )


AS_FOUND: Final = FileForm()
"""Everything is found by the reader."""


class BrokenOffError(LayoutError):
    """A file cannot be read to its end: the row, the line, the reason and the next step."""

    def behind(self, rows: int) -> BrokenOffError:
        """Return the error with the number of rows that were read before."""
        return BrokenOffError(f"{self}; {rows:,} rows before that were read")


class AccountError(RuntimeError):
    """Rows of a file became neither payments nor refused rows: a fault of the reader."""


@dataclass(slots=True)
class Account:
    """Account of a file's lines and rows so far.

    A text file's lines are its heading, blank ones, rows, and breaks within quoted values. Rows
    are payments, refused, skipped by --skip-rows, or left out as refunds. A row that is read counts
    at once.
    """

    lines: int = 0
    heading: int = 0
    blank: int = 0
    breaks: int = 0
    rows: int = 0
    payments: int = 0
    refused: int = 0
    skipped: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        """Say what became of the rows.

        >>> print(Account(rows=1_500, payments=1_498, refused=2))
        1,500 rows read: 1,498 payments, 2 refused
        """
        parts = {
            "refused": self.refused,
            "skipped": self.skipped,
            "refunds left out": self.left_out,
        }
        counts = [f"{count:,} {name}" for name, count in parts.items() if count]
        return ", ".join([f"{self.rows:,} rows read: {self.payments:,} payments", *counts])

    def settle(self, name: str) -> None:
        """Raise AccountError where rows, or lines of a text file, do not add up.

        >>> Account(rows=3, payments=2).settle("own.csv")
        Traceback (most recent call last):
        producer.files.form.AccountError: own.csv: expected 3 rows to be payments, refused or \
skipped, got 2 payments, 0 refused, 0 skipped, 0 left out; report this file's form.
        """
        if self.rows != self.payments + self.refused + self.skipped + self.left_out:
            raise AccountError(
                f"{name}: expected {self.rows:,} rows to be payments, refused or skipped, got "
                f"{self.payments:,} payments, {self.refused:,} refused, {self.skipped:,} skipped, "
                f"{self.left_out:,} left out; report this file's form."
            )
        parts = self.heading + self.blank + self.breaks + self.rows
        if self.lines and self.lines != parts:
            raise AccountError(
                f"{name}: expected {self.lines:,} lines to be heading, blank or rows, got "
                f"{parts:,}; report this file's form."
            )
