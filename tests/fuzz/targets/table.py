"""Tables of payments: refused with a code, or rows that travel as events and come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from events.errors import EventError
from events.table import ATTRIBUTE_PREFIX, check_table, payments, table_schema
from events.timestamps import LATEST_MS
from events.transaction import encode_transaction, parse_transaction
from tests.fuzz.draws import Draws
from tests.fuzz.oracle import check_refusal
from tests.fuzz.targets.parquet_file import COLUMNS

_NAMES: Final = (*table_schema().names, ATTRIBUTE_PREFIX + "V1", ATTRIBUTE_PREFIX, "other")
_GOOD: Final[dict[str, Any]] = {
    "transaction_id": "t1",
    "card_id": "c1",
    "timestamp_ms": 1_714_564_800_000,
    "amount_minor": 5,
    "currency": "EUR",
    "merchant_id": "m1",
}


def run(data: bytes) -> None:
    """Build a table of good columns, some of them replaced by drawn ones, and check it."""
    draws = Draws(data)
    try:
        table = _drawn(draws)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        return
    try:
        checked = check_table(table)
    except EventError as error:
        check_refusal(error)
        return
    assert _without_nan(check_table(checked)).equals(_without_nan(checked))
    for payment in payments(checked):
        key = payment.card_id.encode()
        assert parse_transaction(encode_transaction(payment), key, LATEST_MS) == payment


def _without_nan(table: pa.Table) -> pa.Table:
    """Return the table with a null for each NaN: both mean that the attribute is absent."""
    columns = [
        pc.if_else(pc.is_nan(each), None, each) if pa.types.is_floating(each.type) else each
        for each in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _drawn(draws: Draws) -> pa.Table:
    rows = draws.number(1) % 3
    columns = {name: pa.array([value] * rows) for name, value in _GOOD.items()}
    for _ in range(draws.number(1) % 6):
        name = draws.choice(_NAMES)
        kind, value = draws.choice(COLUMNS)
        columns[name] = pa.array([value(draws) for _ in range(rows)], kind)
    names = [draws.text() if name == "other" else name for name in columns]
    if draws.number(1) == 1:
        names[-1] = names[0]
    return pa.table([columns[name] for name in columns], names=names)


def seeds() -> Iterator[bytes]:
    """A good table, and one for each column and type."""
    yield b"\1\0"
    for name in range(len(_NAMES)):
        for kind in range(0, len(COLUMNS), 5):
            yield bytes([1, 1, name, kind, 2, 3, 4])
