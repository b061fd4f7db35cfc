"""Find the kept help of a call; cli/help_texts.py writes the files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

FOLDER = Path(__file__).parent / "help"


def file_name(words: Sequence[str]) -> str:
    """Return the file name of the command that `words` lead to; none lead to ./cardwatch."""
    return "-".join(words or ["cardwatch"]) + ".txt"


def kept(arguments: Sequence[str]) -> str:
    """Return the kept help of a call: of the command that its first words name."""
    words = list(takewhile(lambda word: not word.startswith("-"), arguments))
    while words and not (FOLDER / file_name(words)).is_file():
        words.pop()
    return (FOLDER / file_name(words)).read_text(encoding="utf-8")
