"""The options that map a file's columns: a layout, or a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from producer.files.data_sets import LAYOUTS
from producer.files.layouts import FIELDS, LayoutError, with_options
from producer.files.reading import match_columns
from tests.fuzz.draws import Draws
from tests.fuzz.oracle import check_refusal


def run(data: bytes) -> None:
    """Build a layout from texts, and match it to a header of texts."""
    draws = Draws(data)
    base = draws.choice((None, *LAYOUTS.values()))
    counts = [draws.number(1) % 8 for _ in range(3)]
    pairs, constants, header = ([_text(draws) for _ in range(count)] for count in counts)
    try:
        layout = with_options(base, pairs, constants)
        found = match_columns(layout, header, Path("payments.csv"))
    except LayoutError as error:
        check_refusal(error)
        return
    assert found.keys() <= layout.columns.keys()
    assert set(found.values()) <= set(header)


def _text(draws: Draws) -> str:
    """Return a field with a column, or any text."""
    kind = draws.number(1)
    if kind & 1:
        return f"{draws.choice(FIELDS)}={draws.choice('abc')}"
    return draws.text()


def seeds() -> Iterator[bytes]:
    """Pairs that make a layout, and pairs that do not."""
    yield b"\0\5\1\3" + b"".join(bytes([1, field, field % 3]) for field in (1, 12, 13, 2, 0, 14))
    yield b"\1\1\1\1\0\7amount=\0\3=xx\0\1a"
    yield b"\4\0\0\2\0\7card_id\0\7card_id"
