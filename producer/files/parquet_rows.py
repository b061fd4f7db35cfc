"""Parquet files as batches of raw columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from producer.files.form import Account, BrokenOffError, FileForm
from producer.files.kinds import READ_ERRORS, check_kind, plain
from producer.files.layouts import Layout, LayoutError
from producer.files.match import fitted, match_columns
from producer.files.raw import SAMPLE_ROWS, RawBatch
from producer.values.rejects import RejectHandler


class ParquetRows:
    """The rows of one Parquet file; see producer.files.raw.Rows."""

    def __init__(self, path: Path, layout: Layout, form: FileForm) -> None:
        self._path, self._skip = path, form.skip_rows
        try:
            with pq.ParquetFile(path) as file:
                schema, self._expected = file.schema_arrow, file.metadata.num_rows
        except READ_ERRORS as error:
            raise LayoutError(
                f"{path}: expected a whole Parquet file, got {error}; fetch the file again"
            ) from None
        self.layout = layout = fitted(layout, schema.names)
        self._fields = match_columns(layout, schema.names, path)
        for field_name, column in self._fields.items():
            check_kind(path, layout, field_name, schema.field(column))
        self.semicolons = False
        self.described = f"Parquet: {len(schema.names)} columns, {self._expected:,} rows"

    def sample(self) -> Mapping[str, pa.Array]:
        """Return columns of the first rows; none where they are damaged."""
        try:
            batch = next(self._read(SAMPLE_ROWS), None)
        except READ_ERRORS:
            return {}
        return {} if batch is None else batch

    def batches(
        self, batch_rows: int, account: Account, _on_reject: RejectHandler
    ) -> Iterator[RawBatch]:
        """Yield every row once. BrokenOffError where the file is damaged."""
        found = self._read(batch_rows)
        while True:
            try:
                columns = next(found, None)
            except READ_ERRORS as error:
                raise self._broken(account.rows, str(error)) from None
            if columns is None:
                break
            raw = self._numbered(columns, account)
            if len(raw.rows):
                yield raw
        if account.rows != self._expected:
            raise self._broken(account.rows, "the end of the file")

    def _read(self, batch_rows: int) -> Iterator[dict[str, pa.Array]]:
        """Yield the columns batch by batch; where one is damaged, the row groups before it."""
        wanted = sorted(set(self._fields.values()))
        done = 0
        with pq.ParquetFile(self._path, page_checksum_verification=True) as file:
            try:
                for batch in file.iter_batches(batch_rows, columns=wanted):
                    yield self._plain(batch)
                    done += batch.num_rows
            except READ_ERRORS:
                for batch in _groups(file, wanted, done):
                    yield self._plain(batch)

    def _plain(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        return {name: plain(batch[column]) for name, column in self._fields.items()}

    def _numbered(self, columns: dict[str, pa.Array], account: Account) -> RawBatch:
        """Number the rows of a batch and leave out those that are skipped."""
        rows = len(next(iter(columns.values())))
        skipped = min(max(self._skip - account.rows, 0), rows)
        first = account.rows + skipped + 1
        account.rows += rows
        account.skipped += skipped
        kept = {name: column.slice(skipped) for name, column in columns.items()}
        return RawBatch(kept, np.arange(first, account.rows + 1))

    def _broken(self, rows: int, got: str) -> BrokenOffError:
        return BrokenOffError(
            f"{self._path}: expected {self._expected:,} rows of a whole Parquet file, got {rows:,} "
            f"and then {got}; fetch the file again"
        )


def _groups(file: pq.ParquetFile, columns: list[str], done: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows behind the first ones, row group by row group."""
    start = 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        if start + rows > done:
            group = file.read_row_group(number, columns).slice(max(done - start, 0))
            yield from group.combine_chunks().to_batches()
        start += rows
