"""Dialect of a CSV file: its delimiter, and the line that names its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from events.errors import show
from producer.files.form import DELIMITERS, FileForm
from producer.files.layouts import Layout, LayoutError
from producer.files.match import match_columns, needed_columns

_SEP_LINE: Final = re.compile(r'"?sep=([^"])"?', re.IGNORECASE)
_HEADER_WITHIN: Final = 20
"""Titles and remarks may stand in so many lines above the names of columns."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A CSV file's delimiter, the names of its columns, and the lines down to these names."""

    delimiter: str
    names: tuple[str, ...]
    heading: int

    def __str__(self) -> str:
        return f"delimiter {DELIMITERS.get(self.delimiter, self.delimiter)}"


def delimiter_named(text: str) -> str:
    """Return a delimiter from its character or its name; LayoutError for another text.

    >>> delimiter_named("semicolon")
    ';'
    """
    names = {name: character for character, name in DELIMITERS.items()} | {"\\t": "\t"}
    found = names.get(text, text)
    if len(found) != 1 or not found.isascii() or found in '"\r\n' or found.isalnum():
        raise LayoutError(
            f"--delimiter: expected one character or {', '.join(DELIMITERS.values())}, got "
            f"{show(text)}; name the character between two values"
        )
    return found


def find_dialect(path: Path, lines: Sequence[str], layout: Layout, form: FileForm) -> Dialect:
    """Return the dialect in which the columns of a layout are found.

    lines are the first ones of the file. Raises LayoutError, which says what was seen, where the
    columns are not found with any delimiter.
    """
    if not any(line.strip() for line in lines):
        raise LayoutError(f"{path}: expected a line with the columns' names, got an empty file")
    skipped, stated = _stated(lines)
    given = stated if form.delimiter is None else delimiter_named(form.delimiter)
    tried = [_read_with(one, lines, skipped, layout, form) for one in (given or DELIMITERS)]
    fitting = [dialect for fits, dialect in tried if fits]
    best = max(fitting or [dialect for _, dialect in tried], key=lambda one: len(one.names))
    if not fitting:
        match_columns(layout, best.names, path, _seen(best, given, lines, skipped, layout, form))
    return best


def names_in(line: str, delimiter: str, form: FileForm) -> tuple[str, ...]:
    """Return the values of one line."""
    if form.quotes == "none":
        return tuple(line.split(delimiter))
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter), ()))
    except csv.Error:
        return (line,)


def _stated(lines: Sequence[str]) -> tuple[int, str | None]:
    """Return how many lines an Excel line such as `sep=;` ends, and its delimiter."""
    for number, line in enumerate(lines[:_HEADER_WITHIN], 1):
        if match := _SEP_LINE.fullmatch(line):
            return number, match[1]
        if line.strip():
            break
    return 0, None


def _read_with(
    delimiter: str, lines: Sequence[str], skipped: int, layout: Layout, form: FileForm
) -> tuple[bool, Dialect]:
    """Look for the columns' names with one delimiter; the first line's where they are nowhere."""
    needed = needed_columns(layout)
    first: Dialect | None = None
    for number, line in enumerate(lines[: skipped + _HEADER_WITHIN], 1):
        if number <= skipped or not line.strip():
            continue
        dialect = Dialect(delimiter, names_in(line, delimiter, form), number)
        if needed <= set(dialect.names):
            return True, dialect
        first = first or dialect
    return False, first or Dialect(delimiter, (), len(lines))


def _seen(
    best: Dialect,
    given: str | None,
    lines: Sequence[str],
    skipped: int,
    layout: Layout,
    form: FileForm,
) -> str:
    """Say how the names were read, and which delimiter would be the right one."""
    if given is not None:
        others = [one for one in DELIMITERS if one != given]
        for other in others:
            fits, dialect = _read_with(other, lines, skipped, layout, form)
            if fits:
                return f"read with {best}; the columns are there with {dialect}: say --delimiter"
        return f"read with {best}"
    if len(best.names) > 1:
        return f"read with {best}"
    return f"one column; none of {', '.join(DELIMITERS.values())} separates it: say --delimiter"
