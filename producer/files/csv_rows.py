"""CSV files as batches of raw columns: every line is a row, blank, heading, or where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pa_csv

from events.errors import show
from producer.files.csv_block import Block, Kept
from producer.files.dialect import find_dialect
from producer.files.form import Account, AccountError, BrokenOffError, FileForm
from producer.files.layouts import Layout
from producer.files.match import fitted, match_columns
from producer.files.raw import SAMPLE_ROWS, RawBatch
from producer.values.rejects import RejectHandler

_HEAD_LINES: Final = 64


class CsvRows:
    """The rows of one CSV file; see producer.files.raw.Rows."""

    def __init__(
        self, path: Path, blocks: Iterator[bytes], encoding: str, layout: Layout, form: FileForm
    ) -> None:
        self._path, self._form = path, form
        self._first = next(blocks, b"")
        self._blocks = chain([self._first], blocks)
        lines = self._first.split(b"\n", _HEAD_LINES)[:_HEAD_LINES]
        head = [line.decode(errors="replace") for line in lines]
        self._dialect = find_dialect(path, head, layout, form)
        self._header = lines[self._dialect.heading - 1]
        self.layout = layout = fitted(layout, self._dialect.names)
        self.semicolons = self._dialect.delimiter == ";"
        self._fields = match_columns(layout, self._dialect.names, path, str(self._dialect))
        self.described = self._description(encoding)

    def _description(self, encoding: str) -> str:
        one = self._dialect
        parts = [f"{one}", encoding, f"{len(one.names)} columns"]
        if one.heading > 1:
            parts.append(f"their names in line {one.heading}")
        return f"CSV: {', '.join(parts)}"

    def sample(self) -> Mapping[str, pa.Array]:
        """Return columns of the first rows, without what they hold beyond a block."""
        lines = self._first.split(b"\n", SAMPLE_ROWS)[:SAMPLE_ROWS]
        start = b"\n".join(lines).rstrip(b"\n") + b"\n"
        try:
            batch = next(self._read(iter([start]), Account(), lambda _: None), None)
        except BrokenOffError:
            batch = None
        return {} if batch is None else batch.columns

    def batches(
        self, _batch_rows: int, account: Account, on_reject: RejectHandler
    ) -> Iterator[RawBatch]:
        """Yield every row once: in a batch, or to on_reject. BrokenOffError where it ends."""
        yield from self._read(self._blocks, account, on_reject)

    def _read(
        self, blocks: Iterator[bytes], account: Account, on_reject: RejectHandler
    ) -> Iterator[RawBatch]:
        account.heading = account.lines = self._dialect.heading
        rest = b""
        for text, final in _with_last(_without(blocks, self._dialect.heading)):
            if not rest + text:
                continue
            block = Block(
                self._path,
                self._dialect,
                self._form,
                rest + text,
                self._header,
                account.rows,
                account.lines,
            )
            block.read_odd_lines(final)
            yield self._batch(block, account, on_reject)
            if block.broken is not None:
                raise block.broken
            rest = block.rest

    def _batch(self, block: Block, account: Account, on_reject: RejectHandler) -> RawBatch:
        """Return the rows of a block; its limit moves to the first that is not text."""
        kept, rejects = block.kept()
        try:
            columns = self._columns(kept, pa.string())
        except pa.ArrowInvalid as error:
            self._find_bad_text(block, kept, error)
            kept, rejects = block.kept()
            columns = self._columns(kept, pa.string())
        block.count(account)
        for reject in rejects:
            on_reject(reject)
        return RawBatch(columns, block.rows(kept.at))

    def _columns(self, kept: Kept, kind: pa.DataType) -> dict[str, pa.Array]:
        """Return the columns of the fields, one value for each row that is kept."""
        if not len(kept.at):
            return {name: pa.array([], kind) for name in self._fields}
        quotes = self._form.quotes
        names = self._dialect.names
        places = {name: str(names.index(column)) for name, column in self._fields.items()}
        wanted = sorted(set(places.values()))
        table = pa_csv.read_csv(
            pa.py_buffer(kept.text),
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=len(kept.text) + 1,
                column_names=[str(place) for place in range(len(names))],
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self._dialect.delimiter,
                quote_char=False if quotes == "none" else '"',
                newlines_in_values=quotes == "multiline",
                ignore_empty_lines=False,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, kind),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
        if table.num_rows != len(kept.at):
            raise AccountError(
                f"{self._path}: expected {len(kept.at):,} rows of a block, got "
                f"{table.num_rows:,}; report this file's form."
            )
        return {name: table[place].combine_chunks() for name, place in places.items()}

    def _find_bad_text(self, block: Block, kept: Kept, error: pa.ArrowInvalid) -> None:
        """Move a block's limit to the first row whose value is not UTF-8."""
        found: list[tuple[int, str, bytes]] = []
        for name, column in self._columns(kept, pa.binary()).items():
            for at, value in enumerate(column.to_pylist()):
                try:
                    value.decode()
                except UnicodeDecodeError:
                    found.append((at, name, value))
                    break
        if not found:
            raise AccountError(f"{self._path}: {error}; report this file's form.")
        at, name, value = min(found)
        line = int(kept.at[at])
        block.limit = line
        block.broken = BrokenOffError(
            f"{self._path}: row {block.row(line):,} (line {block.first_line + line + 1:,}): "
            f"expected UTF-8 in column {show(self._fields[name])}, got {show(value)}; say "
            "--encoding cp1252 (or the file's encoding) for the whole file, or mend the row"
        )


def _without(blocks: Iterator[bytes], heading: int) -> Iterator[bytes]:
    """Yield blocks without the lines down to the columns' names."""
    first = next(blocks, b"")
    start = 0
    for _ in range(heading):
        start = first.find(b"\n", start) + 1
    yield first[start:]
    yield from blocks


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield blocks, and whether one is the last."""
    held: bytes | None = None
    try:
        for block in blocks:
            if held is not None:
                yield held, False
            held = block
    except BrokenOffError:
        if held is not None:
            yield held, False
        raise
    if held is not None:
        yield held, True
