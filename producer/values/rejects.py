"""Rows that a payments topic would refuse: told apart, counted and kept, never dropped unseen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Final, Literal

import msgspec
import pyarrow as pa

from events.card_data.masking import masked_line
from events.card_data.number import card_number_in
from events.errors import refuse, show


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused row: its number in the file (the first is 1), a code of events.errors, why.

    values holds the mapped fields but the card, as text; long runs of digits are masked.
    """

    row: int
    code: str
    sentence: str
    values: dict[str, str | None]


_ENDS: Final = frozenset(
    {".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".pq", ".gz", ".bz2", ".xz"}
)

_MILLISECONDS: Final = re.compile(r"1[0-9]{12}")
"""A time, one in ten of which has the check digit of a card number."""

RejectHandler = Callable[[Reject], None]


class RowRefusedError(ValueError):
    """A row is not a payment, and the reader was not told what to do with such rows."""


def refuse_first(reject: Reject) -> None:
    """Raise RowRefusedError: the handler for readers that accept no bad row."""
    raise RowRefusedError(f"row {reject.row}: {reject.sentence}")


def rejects_of(path: Path) -> Path:
    """Return where the refused rows of a file go: beside the caller, by the file's whole name.

    >>> rejects_of(Path("in/payments.2024-05-01.csv.gz")).name
    'payments.2024-05-01.rejects.jsonl'
    """
    name = Path(path.name)
    while name.suffix.lower() in _ENDS:
        name = name.with_suffix("")
    return Path(f"{name}.rejects.jsonl")


class RejectFile:
    """Counts refused rows by code and writes each as a JSON line; the file appears with the first.

    A run that goes on behind another one appends. Use as a context manager and pass `add` as the
    handler.
    """

    def __init__(self, path: Path, append: bool = False) -> None:
        self.path = path
        self._mode: Literal["ab", "wb"] = "ab" if append else "wb"
        self.by_code: Counter[str] = Counter()
        self.first: Reject | None = None
        self._file: IO[bytes] | None = None

    def __enter__(self) -> RejectFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def count(self) -> int:
        """Rows refused so far."""
        return self.by_code.total()

    def add(self, reject: Reject) -> None:
        """Count and write one refused row."""
        if self._file is None:
            self.first = reject
            self._file = self.path.open(self._mode)
        self.by_code[reject.code] += 1
        self._file.write(msgspec.json.encode(reject) + b"\n")


def cell(column: pa.Array, row: int) -> object:
    """Return a value to show; of a time beyond Python's calendar its number."""
    try:
        return column[row].as_py()
    except (OverflowError, ValueError):
        return f"{column[row].value} ({column.type})"


def shown(value: object) -> str:
    """Return a value as it may be written down: short, and no card number in any spelling.

    >>> shown("4111.1111.1111.1111"), shown("1714557600009"), shown(Decimal("12.345"))
    ('[a card number]', "'1714557600009'", '12.345')
    """
    text = str(value)
    if card_number_in(text) and not _MILLISECONDS.fullmatch(text):
        return "[a card number]"
    return masked_line(text) if isinstance(value, Decimal | date) else show(value)


def row_sentence(code: str, where: str, expected: str, got: object, next_step: str) -> str:
    """Say in one sentence why a value was refused, in the words of events."""
    return refuse(code, where, expected, shown(got), next_step).sentence
