"""README and docs keep the rules of writing that can be counted.

Neither docs/adr, which is history, nor CHANGELOG.md, with bullets of several sentences, is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "deploy/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
LONGEST = 25
"""Words in a sentence; a piece of code counts as one, and the address of a link as none."""
WIDEST = 200
"""Characters in a cell, without the addresses of links."""
SHOWN_WHOLE = {"docs/architecture.md"}
"""Pages with wide cells: the table of folders names what each sub-folder holds."""

CODE = re.compile(r"`[^`]*`")
ADDRESS = re.compile(r"\]\([^)]*\)")
MARK = re.compile(r"\s*([-*] |\d+\. )?")
BOLD = re.compile(r"^\*\*[^*]+[.!?:]\*\* ")
END = re.compile(r"(?<=[a-z0-9X)\]\"%][.!?]) +(?=[A-Z\"(\[*])")


def plain(text: str) -> str:
    """Return a text with an X for each piece of code and without addresses of links.

    >>> plain("See [state](state.md) and `a b`.")
    'See [state] and X.'
    """
    return CODE.sub("X", ADDRESS.sub("]", text))


def lines(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line outside of code."""
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Yield each line of prose without its mark of a list and without a bold lead."""
    for number, line in lines(page):
        if line.strip() and not line.startswith(("|", "#", "<", "![")):
            yield number, BOLD.sub("", plain(MARK.sub("", line, count=1)))


def sentences(text: str) -> list[str]:
    """Return the sentences of a line.

    >>> sentences("It takes 0.5 s. Then it ends (see X). No more.")
    ['It takes 0.5 s.', 'Then it ends (see X).', 'No more.']
    """
    return END.split(text)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_line_holds_one_sentence(page: Path) -> None:
    wrong = [(number, text) for number, text in prose(page) if len(sentences(text)) > 1]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_sentence_is_short(page: Path) -> None:
    wrong = [
        (number, len(one.split()), one)
        for number, text in prose(page)
        for one in sentences(text)
        if len(one.split()) > LONGEST
    ]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_cell_holds_a_figure_or_a_few_words(page: Path) -> None:
    wide = [
        (number, len(cell), cell)
        for number, line in lines(page)
        if line.startswith("|")
        for cell in ADDRESS.sub("]", line).strip("|").split("|")
        if len(cell.strip()) > WIDEST
    ]
    assert bool(wide) == (str(page.relative_to(ROOT)) in SHOWN_WHOLE), wide
