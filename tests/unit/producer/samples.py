"""Payments and files for tests of the producer."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from events.table import table_schema
from producer.files.layouts import Layout, with_options
from producer.files.mapping import read
from producer.values.rejects import Reject
from producer.values.tokens import Tokenizer

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
TOKENIZER = Tokenizer(bytes(range(32)))
VISA = "4111111111111111"

OWN = with_options(
    None,
    ["card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop", "is_fraud=bad"],
    ["currency=EUR"],
)
GOOD_ROW = {"card": "c1", "at": "2024-05-01T12:00:00Z", "sum": "12.34", "shop": "m1", "bad": "0"}


def batch(times_ms: Iterable[int], frauds: Iterable[bool | None] | None = None) -> pa.RecordBatch:
    """Return payments t0, t1, ... of one card at the times given, none a fraud unless said."""
    times = list(times_ms)
    flags = [False] * len(times) if frauds is None else list(frauds)
    rows = [
        {
            "transaction_id": f"t{number}",
            "card_id": "c1",
            "timestamp_ms": time,
            "amount_minor": 100,
            "currency": "EUR",
            "merchant_id": "m1",
            "is_fraud": flag,
        }
        for number, (time, flag) in enumerate(zip(times, flags, strict=True))
    ]
    return pa.RecordBatch.from_pylist(rows, schema=table_schema())


def write_csv(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    """Write rows of one form as CSV, every value quoted."""
    rows = list(rows)
    lines = [",".join(rows[0])]
    lines += [",".join(f'"{value}"' for value in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read_rows(path: Path, layout: Layout = OWN) -> tuple[list[dict[str, Any]], list[Reject]]:
    """Return the payments of a file as rows, and its rejects."""
    rejects: list[Reject] = []
    found = list(read(path, layout, TOKENIZER, rejects.append))
    return [row for part in found for row in part.to_pylist()], rejects
