"""Rows of a file become payments: mapped, checked, named, their cards replaced by tokens."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from events.errors import show
from events.table import ATTRIBUTE_PREFIX, table_schema
from producer import checks
from producer.columns import conform
from producer.layouts import NEEDED_FIELDS, TEXT_FIELDS, Layout
from producer.reading import PaymentFile, RawBatch, open_file
from producer.rejects import Reject, RejectHandler, cell, refuse_first
from producer.tokens import Tokenizer

BATCH_ROWS = 65_536
_LONGEST_STEM = 64
PLACE_LIMITS = {"lat": (-90.0, 90.0), "lon": (-180.0, 180.0)}


def read(
    path: Path,
    layout: Layout,
    tokenizer: Tokenizer,
    on_reject: RejectHandler = refuse_first,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield the payments of a file that is recognised by itself; see `payments_of`.

    Raises LayoutError where the file does not fit the layout.
    """
    yield from payments_of(open_file(path, layout), tokenizer, on_reject, batch_rows)


def payments_of(
    file: PaymentFile,
    tokenizer: Tokenizer,
    on_reject: RejectHandler = refuse_first,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield the payments of a file in the form of events.table, in the order of the file.

    Rows that events would refuse go to on_reject, which by default raises RowRefusedError for the
    first. The file's account holds every row. BrokenOffError where the file breaks off.
    """
    account, name = file.account, file.path.name

    def refuse(reject: Reject) -> None:
        account.refused += 1
        on_reject(reject)

    stem = name.split(".")[0][:_LONGEST_STEM]
    for raw in file.batches(batch_rows, refuse):
        batch = _payments(raw, file.layout, stem, tokenizer, refuse)
        account.payments += batch.num_rows
        account.settle(name)
        yield batch
    account.settle(name)


def _payments(
    raw: RawBatch, layout: Layout, stem: str, tokenizer: Tokenizer, on_reject: RejectHandler
) -> pa.RecordBatch:
    """Map, check and tokenise one batch; rejected rows are left out of it."""
    rows = len(raw.rows)
    found = checks.Checks(rows)
    columns = _texts(raw, layout, stem, found)
    _tokenise(columns, layout, tokenizer)
    columns |= _numbers(raw, layout, found)
    exponents = checks.currency_column(columns["currency"], "`currency`", found)
    if layout.amount_in_minor:
        exponents = np.zeros_like(exponents)
    columns["amount_minor"] = checks.amount_column(
        raw.columns["amount"], exponents, _where("amount", layout), found
    )
    columns["timestamp_ms"] = checks.time_column(
        raw.columns["timestamp"],
        layout.timestamp_unit,
        layout.start_ms,
        _where("timestamp", layout),
        found,
    )
    if "is_fraud" in raw.columns:
        where = _where("is_fraud", layout)
        columns["is_fraud"] = checks.flag_column(raw.columns["is_fraud"], where, found)
    for row, (code, sentence) in sorted(found.reasons.items()):
        on_reject(Reject(int(raw.rows[row]), code, sentence, _shown(raw, row)))
    batch = conform(columns, table_schema(layout.attributes), rows)
    return batch if found.good.all() else batch.filter(pa.array(found.good))


def _where(field_name: str, layout: Layout) -> str:
    column = layout.columns.get(field_name)
    return f"`{field_name}` (column {column})" if column else f"`{field_name}`"


def _texts(raw: RawBatch, layout: Layout, stem: str, found: checks.Checks) -> dict[str, pa.Array]:
    """Return the text fields: from columns, constants, and file stem and row number."""
    rows = len(raw.rows)
    texts: dict[str, pa.Array] = {}
    for name in (*TEXT_FIELDS, "currency"):
        if name in raw.columns:
            column = raw.columns[name].cast(pa.string())
        elif name in layout.numbered:
            numbers = pa.array(raw.rows).cast(pa.string())
            column = pc.binary_join_element_wise(stem, numbers, "-")
        elif name in layout.constants:
            column = pa.repeat(layout.constants[name], rows)
        else:
            continue
        texts[name] = _with_prefix(column, name, layout)
    needed = {*NEEDED_FIELDS, "transaction_id"}
    return {
        name: checks.text_column(column, _where(name, layout), name in needed, found)
        for name, column in texts.items()
    }


def _with_prefix(column: pa.Array, name: str, layout: Layout) -> pa.Array:
    """Take a layout's text from the front of a field, or put one before it; empty stays empty."""
    if name in layout.strip:
        column = pc.replace_substring_regex(column, f"^{re.escape(layout.strip[name])}", "")
    if name in layout.prefixes:
        prefixed = pc.binary_join_element_wise(layout.prefixes[name], column, "")
        column = pc.if_else(pc.equal(column, ""), column, prefixed)
    return column


def _tokenise(columns: dict[str, pa.Array], layout: Layout, tokenizer: Tokenizer) -> None:
    """Replace card numbers in the fields that name a card or its holder."""
    for name in ("card_id", "customer_id"):
        if name in columns:
            every = layout.card_is_number and name == "card_id"
            columns[name] = tokenizer.column(columns[name], every)


def _numbers(raw: RawBatch, layout: Layout, found: checks.Checks) -> dict[str, pa.Array]:
    """Return coordinates (both or neither) and attributes."""
    numbers = {
        name: checks.number_column(
            raw.columns[name], _where(name, layout), limits, "bad_coordinates", found
        )
        for name, limits in PLACE_LIMITS.items()
        if name in raw.columns
    }
    if len(numbers) == len(PLACE_LIMITS):
        lone = pc.xor(numbers["lat"].is_null(), numbers["lon"].is_null())
        step = "give the pair"
        column = raw.columns["lat"]
        found.refuse(np.asarray(lone), "bad_coordinates", "`lat`, `lon`", "both", column, step)
    for name in layout.attributes:
        field_name = ATTRIBUTE_PREFIX + name
        where = _where(field_name, layout)
        numbers[field_name] = checks.attribute_column(raw.columns[field_name], where, found)
    return numbers


def _shown(raw: RawBatch, row: int) -> dict[str, str | None]:
    """Return a refused row's values as they may be written down: no card, long digits masked."""
    hidden = ("card_id", "customer_id")
    return {
        name: show(cell(column, row)) for name, column in raw.columns.items() if name not in hidden
    }
