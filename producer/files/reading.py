"""Files as batches of raw columns with row numbers: CSV, JSON lines and Parquet.

What a file is comes from its content, and how its text is written too, unless a FileForm says it.
Each row comes once: in a batch, or to the handler of rejects; Account counts both.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from producer.files.csv_rows import CsvRows
from producer.files.decimals import find_marks, with_points
from producer.files.form import AS_FOUND, Account, BrokenOffError, FileForm, refuse_unused
from producer.files.json_rows import JsonRows
from producer.files.layouts import Layout, LayoutError
from producer.files.match import match_columns
from producer.files.parquet_rows import ParquetRows
from producer.files.raw import RawBatch, Rows
from producer.files.text import encoding_of, lines_in_blocks
from producer.files.unpacking import PARQUET, packing_of, refuse_kinds, unpacked
from producer.values.rejects import RejectHandler

__all__ = ["PaymentFile", "RawBatch", "match_columns", "open_file"]


class PaymentFile:
    """A file of payments, opened: how it was recognised, its layout, and the account of its rows.

    Attributes:
        path: Where the file is.
        form: What was said of its form.
        recognised: What the reader found the file to be, for people.
        layout: The layout as it fits this file.
        account: What became of the rows that were read so far.
    """

    def __init__(self, path: Path, layout: Layout, form: FileForm) -> None:
        packing, self._rows = _open(path, layout, form)
        self.path, self.form = path, form
        self.layout = self._rows.layout
        self.account = Account()
        self._marks = find_marks(
            path, self.layout, self._rows.sample(), form.decimal, self._rows.semicolons
        )
        self.recognised = self._rows.described + (f", packed by {packing}" if packing else "")
        if any(mark.decimal == "comma" for mark in self._marks.values()):
            self.recognised += ", decimal comma"

    def batches(self, batch_rows: int, on_reject: RejectHandler) -> Iterator[RawBatch]:
        """Yield the columns that the layout names, at least one batch; text of numbers has a point.

        Rows that are none go to on_reject. BrokenOffError, behind all rows before it, where the
        file cannot be read to its end.
        """
        empty = True
        try:
            for raw in self._rows.batches(batch_rows, self.account, on_reject):
                empty = False
                yield with_points(raw, self._marks, self.layout, on_reject)
        except BrokenOffError as error:
            raise error.behind(self.account.rows) from None
        if empty:
            yield self._nothing()

    def _nothing(self) -> RawBatch:
        """Return a batch without rows."""
        columns = {name: pa.array([], pa.string()) for name in self.layout.columns}
        return RawBatch(columns, np.zeros(0, np.int64))


def open_file(path: Path, layout: Layout, form: FileForm = AS_FOUND) -> PaymentFile:
    """Find out what a file is and how its columns fit a layout.

    Raises LayoutError where the file is of another kind, lacks a column, or can be read in two
    ways.
    """
    return PaymentFile(path, layout, form)


def _open(path: Path, layout: Layout, form: FileForm) -> tuple[str | None, Rows]:
    """Return how a file is packed, and the reader for what it holds."""
    if not path.is_file():
        raise LayoutError(f"{path}: expected a file, found none; check the path")
    packing = packing_of(path)
    parts = unpacked(path, packing)
    first = next(parts, b"")
    if packing is not None:
        refuse_kinds(path, first)
    if first.startswith(PARQUET):
        if packing is not None:
            raise LayoutError(f"{path}: expected Parquet as it is, got it in {packing}; unpack it")
        refuse_unused(path, "Parquet", form, "delimiter", "encoding", "quotes")
        return None, ParquetRows(path, layout, form)
    encoding = encoding_of(path, first, form.encoding)
    blocks = lines_in_blocks(path, chain([first], parts), encoding)
    start = next(blocks, b"")
    blocks = chain([start], blocks)
    if start.lstrip().startswith((b"{", b"[")):
        refuse_unused(path, "JSON lines", form, "delimiter", "quotes")
        return packing, JsonRows(path, blocks, encoding.named, layout, form)
    return packing, CsvRows(path, blocks, encoding.named, layout, form)
