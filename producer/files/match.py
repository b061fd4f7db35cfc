"""Match of a file's columns with fields, and the sentence where a column is missing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from events.errors import one_line, show
from events.table import ATTRIBUTE_PREFIX
from producer.files.data_sets import CARDWATCH
from producer.files.layouts import PLACE_FIELDS, Layout, LayoutError

_SHOWN_NAMES: Final = 500
_NOT_TEXT: Final = "\ufffd"
"""What stands in a name for bytes that are no text."""
_WIRE: Final = ("timestamp", "amount")
"""Fields that the transactions topic has under their own names, and a table under others."""
_VALUE: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")


def match_columns(
    layout: Layout, names: Sequence[str], path: Path, form: str = ""
) -> dict[str, str]:
    """Return field to column for what a file has, and raise LayoutError for what it lacks.

    form says how the names were read, where that might be the fault.
    """
    found: dict[str, str] = {}
    for field_name, column in layout.columns.items():
        if names.count(column) == 1:
            found[field_name] = column
        elif column in names:
            raise LayoutError(
                f"{path}: expected one column {column!r}, got {names.count(column)}; rename them"
            )
        elif field_name not in layout.optional:
            raise _missing(layout, field_name, names, path, form)
    given = {*found, *layout.constants}
    alone = [field_name for field_name in PLACE_FIELDS if field_name in given]
    if len(alone) == 1:
        raise LayoutError(
            f"{path}: expected columns for both of {' and '.join(PLACE_FIELDS)}, got one for "
            f"{alone[0]}; map the other too, or neither"
        )
    return found


def needed_columns(layout: Layout) -> set[str]:
    """Return the columns that a file of this layout must have."""
    return {
        column for field_name, column in layout.columns.items() if field_name not in layout.optional
    }


def fitted(layout: Layout, names: Sequence[str]) -> Layout:
    """Return a layout as it fits the names of one file.

    The project's own files name their attributes, and JSON lines of it hold the payment as the
    transactions topic has it.
    """
    if layout.name != CARDWATCH.name:
        return layout
    columns = dict(layout.columns)
    if all(columns[one] == CARDWATCH.columns[one] not in names and one in names for one in _WIRE):
        columns |= {one: one for one in _WIRE}
        layout = replace(layout, amount_in_minor=False)
    attributes = (
        name for name in names if name.startswith(ATTRIBUTE_PREFIX) and name not in layout.constants
    )
    return replace(layout, columns={name: name for name in attributes} | columns)


def _missing(
    layout: Layout, field_name: str, names: Sequence[str], path: Path, form: str
) -> LayoutError:
    """Return the error for a column that is not there: what is there, and what may be meant."""
    column = layout.columns[field_name]
    named = [name for name in names if name]
    shown = one_line(", ".join(named), _SHOWN_NAMES) if named else "no named column"
    near = _near(column, named)
    if any(_VALUE.fullmatch(name.strip()) for name in named):
        step = "the first line looks like values: put a line with the columns' names above it"
    elif any(_NOT_TEXT in name for name in named):
        step = "the names are not UTF-8: say --encoding cp1252, or the file's encoding"
    elif near is not None:
        step = f"for {show(near)} say --map {show(f'{field_name}={near}')}"
    else:
        step = f"choose another --layout or add --map {field_name}=COLUMN"
    return LayoutError(
        f"{path}: expected column {column!r} for {field_name} (layout {layout.name}), got "
        f"{shown}{form and f' ({form})'}; {step}"
    )


def _near(column: str, names: Sequence[str]) -> str | None:
    """Return the name that differs least from a column's: in blanks, in case, in a letter."""
    plain = {name.strip().casefold(): name for name in reversed(names)}
    near = difflib.get_close_matches(column.strip().casefold(), plain, 1, 0.8)
    return plain[near[0]] if near else None
