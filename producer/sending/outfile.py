"""Payments to a file instead of Kafka: Parquet, CSV or JSON lines, the last two also as .gz."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from events.table import payments
from events.transaction import encode_transaction

ENDS = (".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz")


class BatchWriter(Protocol):
    """Writes batches of one schema."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write one batch."""


def partial_of(path: Path) -> Path:
    """Return where a file is written until it is whole.

    >>> partial_of(Path("day/out.csv.gz")).name
    'partial-out.csv.gz'
    """
    return path.with_name(f"partial-{path.name}")


class OutFileError(ValueError):
    """The file cannot be written: what was expected of its name, and what to do."""


@contextmanager
def open_writer(path: Path, schema: pa.Schema) -> Iterator[BatchWriter]:
    """Open a file in the form that its name asks for; it is complete when the context ends.

    Parquet and CSV hold the columns of the batches (with is_fraud). JSON lines hold what the
    transactions topic would carry. Raises OutFileError for another name.
    """
    if path.name.endswith(".parquet"):
        with pq.ParquetWriter(path, schema, compression="zstd") as parquet:
            yield parquet
    elif path.name.endswith((".csv", ".csv.gz")):
        with (
            pa.output_stream(path) as stream,
            pa_csv.CSVWriter(
                stream, schema, write_options=pa_csv.WriteOptions(quoting_style="needed")
            ) as rows,
        ):
            yield rows
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        with pa.output_stream(path) as stream:
            yield _JsonLines(stream)
    else:
        raise OutFileError(
            f"{path}: expected a name that ends in one of {', '.join(ENDS)}; rename it"
        )


class _JsonLines:
    """Writes each payment as a transactions record's value and a line feed."""

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream

    def write(self, batch: pa.RecordBatch) -> None:
        """Write one batch of payments in the form of events.table."""
        lines = [
            encode_transaction(payment) for payment in payments(pa.Table.from_batches([batch]))
        ]
        if lines:
            self._stream.write(b"\n".join(lines) + b"\n")
