"""Payments as a table: the columnar form that files and training use.

The columns are the fields of `Transaction`, a nullable `is_fraud`, and one float64 column
`attributes.<name>` for each attribute; a null or NaN attribute is one that the payment lacks.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import repeat
from math import isnan
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from events.card_data.number import card_number_in
from events.card_data.rules import card_data_refused, card_number_refused
from events.card_data.search import MAY_HOLD, card_data
from events.errors import EventError, refuse, show
from events.money import EXPONENTS, MAX_AMOUNT_MINOR
from events.timestamps import EARLIEST_MS, LATEST_MS
from events.transaction import MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTES, MAX_FLOAT32, Transaction
from events.wire import MAX_TEXT
from events.zones import KNOWN_TEXTS

ATTRIBUTE_PREFIX: Final = "attributes."
IS_FRAUD: Final = "is_fraud"

_TYPES: Final[dict[str, pa.DataType]] = {
    "timestamp_ms": pa.int64(),
    "amount_minor": pa.int64(),
    "lat": pa.float64(),
    "lon": pa.float64(),
}
_FIELDS: Final = tuple(name for name in Transaction.__struct_fields__ if name != "attributes")
_REQUIRED: Final = _FIELDS[:6]
_CONTROL: Final = "[\\x{00}-\\x{1f}\\x{80}-\\x{9f}]"
_NO_CARD_NUMBER: Final = "^[ -~]*[A-DF-Za-df-z][ -~]*$"
"""ASCII with a letter other than the exponent's: no spelling of a card number."""
_RANGES: Final[dict[str, tuple[str, float, float]]] = {
    "timestamp_ms": ("bad_timestamp", EARLIEST_MS, LATEST_MS),
    "amount_minor": ("bad_amount", 0, MAX_AMOUNT_MINOR),
    "lat": ("bad_coordinates", -90.0, 90.0),
    "lon": ("bad_coordinates", -180.0, 180.0),
}
_KNOWN: Final[dict[str, tuple[str, Collection[str], str]]] = {
    "currency": ("bad_currency", EXPONENTS, "an ISO 4217 code"),
    **KNOWN_TEXTS,
}


def table_schema(attributes: tuple[str, ...] = ()) -> pa.Schema:
    """Return the schema of a table of payments with these attributes.

    >>> table_schema(("V1",)).names[-2:]
    ['is_fraud', 'attributes.V1']
    """
    fields = [
        pa.field(name, _TYPES.get(name, pa.string()), nullable=name not in _REQUIRED)
        for name in _FIELDS
    ]
    fields.append(pa.field(IS_FRAUD, pa.bool_()))
    fields += [pa.field(ATTRIBUTE_PREFIX + name, pa.float64()) for name in attributes]
    return pa.schema(fields)


def attribute_names(table: pa.Table) -> tuple[str, ...]:
    """Return the names of the table's attributes, in the order of its columns."""
    prefix = len(ATTRIBUTE_PREFIX)
    return tuple(n[prefix:] for n in table.column_names if n.startswith(ATTRIBUTE_PREFIX))


def check_table(table: pa.Table) -> pa.Table:
    """Return the table with exactly the columns of its schema, every row checked.

    Optional columns that are absent come back as nulls, other types are cast where nothing is
    lost. EventError names the column and the first row (from 0) that is not a valid payment.
    """
    _check_columns(table)
    schema = table_schema(attribute_names(table))
    table = pa.table([_column(table, field) for field in schema], schema=schema)
    _check_rows(table)
    return table


def payments(table: pa.Table) -> Iterator[Transaction]:
    """Yield the rows of a table, checked by `check_table`, in its order."""
    for batch in table.to_batches(max_chunksize=65_536):
        columns = [_values(batch.column(name)) for name in _FIELDS]
        for row in zip(*columns, _attributes(batch), strict=True):
            yield Transaction(*row)


def _values(column: pa.Array) -> Iterable[Any]:
    """Return a column's Python values, None for null; NumPy makes them ten times faster."""
    if column.null_count == len(column):
        return repeat(None, len(column))
    if column.null_count and not pa.types.is_string(column.type):
        return cast(list[Any], column.to_pylist())
    return cast(list[Any], column.to_numpy(zero_copy_only=False).tolist())


def _check_rows(table: pa.Table) -> None:
    for name in _REQUIRED:
        _check(table, name, pc.is_null(table[name]), "missing_field", "a value in every row")
    for name, (code, low, high) in _RANGES.items():
        _check(table, name, _outside(table[name], low, high), code, f"from {low} to {high}")
    for name in _FIELDS:
        if name not in _TYPES:
            _check_texts(table, name)
    _check_meaning(table)
    for name in table.column_names[len(_FIELDS) + 1 :]:
        wrong = _outside(table[name], -MAX_FLOAT32, MAX_FLOAT32)
        wrong = pc.and_(wrong, pc.invert(pc.is_nan(table[name])))
        _check(table, name, wrong, "bad_attributes", "a number within float32, or null")


def _attributes(batch: pa.RecordBatch) -> Iterator[dict[str, float]]:
    names = attribute_names(batch)
    if not names:
        yield from ({} for _ in range(batch.num_rows))
        return
    columns = [_values(batch.column(ATTRIBUTE_PREFIX + name)) for name in names]
    for row in zip(*columns, strict=True):
        pairs = zip(names, row, strict=True)
        yield {name: number for name, number in pairs if number is not None and not isnan(number)}


def _check_columns(table: pa.Table) -> None:
    names = table.column_names
    step = "map the file's columns to the fields of a payment"
    for name in _REQUIRED:
        if name not in names:
            got = show(names)
            raise refuse("bad_table", "table", f"the column `{name}`", got, step)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refuse("bad_table", "table", "each column once", f"twice {show(twice)}", step)
    attributes = attribute_names(table)
    known = {*_FIELDS, IS_FRAUD, *(ATTRIBUTE_PREFIX + name for name in attributes)}
    unknown = [name for name in names if name not in known]
    if unknown:
        expected = "payment fields, is_fraud and attributes.<name> columns only"
        raise refuse("bad_table", "table", expected, show(unknown), step)
    if len(attributes) > MAX_ATTRIBUTES or not all(_good_name(n) for n in attributes):
        limits = f"{MAX_ATTRIBUTES} attributes at most, names of 1 to {MAX_ATTRIBUTE_NAME}"
        raise refuse("bad_table", "table", limits, show(attributes), step)


def _good_name(name: str) -> bool:
    return 1 <= len(name) <= MAX_ATTRIBUTE_NAME and name.isprintable()


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    """Return one column in its declared type; absent optional ones as nulls."""
    if field.name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, field.type)])
    try:
        return table[field.name].cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        got = f"{table[field.name].type} ({show(str(error))})"
        step = "cast the column, timestamps to epoch milliseconds and amounts to minor units"
        raise refuse("bad_table", f"column `{field.name}`", str(field.type), got, step) from None


def _outside(column: pa.ChunkedArray, low: float, high: float) -> Any:
    """Return bool[n]: outside low..high, NaN included, null not."""
    within = pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high))
    return pc.invert(within)


def _check_texts(table: pa.Table, name: str) -> None:
    length = pc.utf8_length(table[name])
    wrong = pc.or_(_outside(length, 1, MAX_TEXT), pc.match_substring_regex(table[name], _CONTROL))
    _check(table, name, wrong, "bad_identifier", f"1 to {MAX_TEXT} printable characters")


def _check_meaning(table: pa.Table) -> None:
    """Check what more than a range decides: known codes, the pair of coordinates, the card."""
    for name, (code, known, expected) in _KNOWN.items():
        unknown = pc.invert(pc.is_in(table[name], value_set=pa.array([*known, None], pa.string())))
        _check(table, name, unknown, code, expected)
    lone = pc.xor(pc.is_null(table["lat"]), pc.is_null(table["lon"]))
    _check(table, "lat", lone, "bad_coordinates", "both lat and lon, or neither")
    _check_card_data(table)


def _check_card_data(table: pa.Table) -> None:
    """Check that no text is card data, and that the card is no number."""
    suspects = pc.invert(pc.match_substring_regex(table["card_id"], _NO_CARD_NUMBER))
    for card in table["card_id"].filter(suspects).unique().to_pylist():
        if card_number_in(card):
            row = pc.index(table["card_id"], card).as_py()
            raise card_number_refused(f"column `card_id`, row {row}")
    for name in (name for name in _FIELDS if name not in _TYPES):
        suspects = pc.match_substring_regex(table[name], MAY_HOLD)
        for text in table[name].filter(suspects).unique().drop_null().to_pylist():
            spans = card_data(text)
            if spans:
                row = pc.index(table[name], text).as_py()
                raise card_data_refused(f"column `{name}`, row {row}", spans[0].code)


def _check(table: pa.Table, name: str, wrong: Any, code: str, expected: str) -> None:
    """Raise for the first row in which `wrong` (bool[n], null counts as right) is true."""
    row = pc.index(wrong, True).as_py()
    if row >= 0:
        raise _bad_row(name, row, code, expected, table[name][row].as_py())


def _bad_row(name: str, row: int, code: str, expected: str, got: object) -> EventError:
    step = "mend or drop the row before it is used"
    return refuse(code, f"column `{name}`, row {row}", expected, show(got), step)
