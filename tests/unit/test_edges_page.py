"""docs/edges.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "edges.md"

_TEST = re.compile(r"\[(?P<name>\w+)(?:\.py)?\]\(\.\./(?P<file>tests/[^)]+\.py)\)")
_ROW = re.compile(r"^\| (?!kind |---)(?P<cells>.+) \|$", re.MULTILINE)

NAMED = sorted({(found["file"], found["name"]) for found in _TEST.finditer(PAGE.read_text())})


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_page_names_is_there(file: str, name: str) -> None:
    """A row points to the test that would fail without what the row says."""
    path = ROOT / file
    assert path.is_file()
    assert path.stem == name or f"def {name}(" in path.read_text()


def test_each_row_of_the_page_names_a_test() -> None:
    """What has no test is not promised."""
    rows = _ROW.findall(PAGE.read_text())
    assert len(rows) > 100
    assert [row for row in rows if not _TEST.search(row) and "`./cardwatch faults" not in row] == []
