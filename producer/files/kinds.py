"""Types of a Parquet column that can hold a field of a payment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyarrow as pa

from events.table import ATTRIBUTE_PREFIX
from producer.files.layouts import PLACE_FIELDS, Layout, LayoutError

READ_ERRORS: Final = (pa.ArrowException, OSError)
"""What Arrow raises for a file that it cannot read, whatever the reason."""

_TEXT: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
_NUMBER: Final = (
    pa.types.is_integer,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_decimal128,
)
_MOMENT: Final = (pa.types.is_timestamp, pa.types.is_date)


def check_kind(path: Path, layout: Layout, field_name: str, column: pa.Field) -> None:
    """Raise LayoutError for a column whose type cannot hold the field that it is mapped to."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    tests, expected = _wanted(layout, field_name)
    if not any(test(kind) for test in (*_TEXT, *tests)):
        raise LayoutError(
            f"{path}: expected text{expected} in column {column.name!r} for {field_name}, got "
            f"{column.type}; convert the column or map another"
        )


def _wanted(
    layout: Layout, field_name: str
) -> tuple[tuple[Callable[[pa.DataType], bool], ...], str]:
    """Return the tests of types that a field takes beside text, and their names."""
    if field_name == "timestamp":
        if layout.times.unit == "iso":
            return _MOMENT, ", dates or times (--timestamp-unit is for numbers)"
        return (*_NUMBER, *_MOMENT), ", numbers, dates or times"
    if field_name == "amount" or field_name in PLACE_FIELDS:
        return _NUMBER, " or numbers"
    if field_name.startswith(ATTRIBUTE_PREFIX):
        return _NUMBER, " or numbers"
    return (*_NUMBER, *_MOMENT, pa.types.is_boolean), ", numbers, dates, times or booleans"


def plain(column: pa.Array) -> pa.Array:
    """Return a column without dictionary, long offsets or days; ArrowInvalid where damaged."""
    column.validate(full=True)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_null(column.type):
        return column.cast(pa.string())
    return column.cast(pa.timestamp("ms")) if pa.types.is_date(column.type) else column
