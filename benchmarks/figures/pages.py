"""Marks in Markdown pages, and the generated tables that stand between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.figures.record import RECORD, read_runs
from benchmarks.figures.table import Recorded
from benchmarks.figures.tables import TABLES
from harness.errors import BenchmarkError
from verify.faults.record import FAULTS_RECORD, read_faults

END: Final = "<!-- end of figures -->"
_BEGIN: Final = re.compile(r"<!-- figures: (\S+) -->")


class PageError(BenchmarkError):
    """A page has a mark that cannot be replaced."""


def pages(root: Path) -> list[Path]:
    """Return the pages that may have marks."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def marks(text: str) -> Iterator[str]:
    """Yield the names of the tables that a page has marks for."""
    yield from (match[1] for match in _BEGIN.finditer(text))


def filled(text: str, made: Callable[[str], Iterable[str]], where: str) -> str:
    """Return a page with what `made` gives for the name of each mark between mark and end.

    PageError for a mark without an end, or for an end without a mark.
    """
    done: list[str] = []
    rest = text
    while match := _BEGIN.search(rest):
        before, (inside, end, rest) = rest[: match.end()], rest[match.end() :].partition(END)
        if not end or _BEGIN.search(inside):
            raise PageError(
                f"{where}: expected {END} behind the mark {match[0]}, got none; add it."
            )
        done += [_without_end(before, where), "\n", *(f"{line}\n" for line in made(match[1])), END]
    return "".join(done) + _without_end(rest, where)


def _without_end(text: str, where: str) -> str:
    if END in text:
        raise PageError(f"{where}: expected a mark <!-- figures: NAME --> before each {END}.")
    return text


def generated(root: Path) -> dict[Path, str]:
    """Return each page with marks as the records make it; PageError for an unknown table."""
    recorded = read_records(root)
    found = {}
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        where = str(page.relative_to(root))
        made = filled(text, partial(_lines, recorded, where), where)
        if any(marks(text)):
            found[page] = made
    return found


def read_records(root: Path) -> Recorded:
    """Read both records of a checkout."""
    return Recorded(read_runs(root / RECORD), read_faults(root / FAULTS_RECORD))


def _lines(recorded: Recorded, where: str, name: str) -> Iterable[str]:
    if name not in TABLES:
        raise PageError(
            f"{where}: expected a table of benchmarks/figures/tables.py, got {name!r}; correct the "
            f"mark. There are {', '.join(TABLES)}."
        )
    return TABLES[name].lines(recorded)


def write(root: Path) -> list[Path]:
    """Write every page that differs from its records; return the pages that did."""
    changed = []
    for page, text in generated(root).items():
        if page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            changed.append(page)
    return changed
