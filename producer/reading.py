"""Files as batches of raw columns with row numbers: CSV (also .gz, .bz2) and Parquet."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from events.errors import one_line
from producer.kinds import READ_ERRORS, check_kind, plain
from producer.layouts import PLACE_FIELDS, Layout, LayoutError
from producer.rejects import Reject, RejectHandler, row_sentence

_CSV_ENDS = (".csv", ".tsv", ".txt")
_COMPRESSED = (".gz", ".bz2")
_PARQUET_ENDS = (".parquet", ".pq")
_BLOCK_BYTES = 4 * 1024 * 1024
_SHOWN_NAMES = 500


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Columns of a file under the names of their fields, and the rows' numbers, from 1."""

    columns: Mapping[str, pa.Array]
    rows: npt.NDArray[np.int64]


def read_raw(
    path: Path, layout: Layout, batch_rows: int, on_reject: RejectHandler
) -> Iterator[RawBatch]:
    """Yield the columns that a layout names; columns that it does not name are not read.

    CSV columns come as text. Raises LayoutError where the file is of another kind or lacks a
    column. Lines with too few or too many values go to on_reject.
    """
    ends = [end.lower() for end in path.suffixes]
    plain = [end for end in ends if end not in _COMPRESSED]
    if not path.is_file():
        raise LayoutError(f"{path}: expected a file, found none; check the path")
    if ends and ends[-1] in _PARQUET_ENDS:
        yield from _read_parquet(path, layout, batch_rows)
    elif plain and plain[-1] in _CSV_ENDS:
        yield from _read_csv(path, layout, plain[-1], on_reject)
    else:
        known = ", ".join((*_CSV_ENDS, *(f".csv{end}" for end in _COMPRESSED), *_PARQUET_ENDS))
        raise LayoutError(
            f"{path}: expected a name that ends in one of {known}, got {path.name!r}; "
            "convert the file or rename it"
        )


def match_columns(layout: Layout, names: Sequence[str], path: Path) -> dict[str, str]:
    """Return field to column for what a file has, and raise LayoutError for what it lacks."""
    found: dict[str, str] = {}
    for field_name, column in layout.columns.items():
        if names.count(column) == 1:
            found[field_name] = column
        elif column in names:
            raise LayoutError(
                f"{path}: expected one column {column!r}, got {names.count(column)}; rename them"
            )
        elif field_name not in layout.optional:
            named = [name for name in names if name]
            shown = one_line(", ".join(named), _SHOWN_NAMES) if named else "no named column"
            raise LayoutError(
                f"{path}: expected column {column!r} for {field_name} (layout {layout.name}), "
                f"got {shown}; choose another --layout or add --map {field_name}=COLUMN"
            )
    alone = [field_name for field_name in PLACE_FIELDS if field_name in found]
    if len(alone) == 1:
        raise LayoutError(
            f"{path}: expected columns for both of {' and '.join(PLACE_FIELDS)}, got one for "
            f"{alone[0]}; map the other too, or neither"
        )
    return found


def _read_parquet(path: Path, layout: Layout, batch_rows: int) -> Iterator[RawBatch]:
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            fields = match_columns(layout, schema.names, path)
            for field_name, column in fields.items():
                check_kind(path, layout, field_name, schema.field(column))
            first = 1
            for batch in file.iter_batches(batch_rows, columns=sorted(set(fields.values()))):
                columns = {name: plain(batch[column]) for name, column in fields.items()}
                yield RawBatch(columns, np.arange(first, first + batch.num_rows))
                first += batch.num_rows
    except READ_ERRORS as error:
        raise LayoutError(f"{path}: expected a Parquet file, got {error}; check it") from None


def _read_csv(path: Path, layout: Layout, end: str, on_reject: RejectHandler) -> Iterator[RawBatch]:
    delimiter = "\t" if end == ".tsv" else ","
    fields = match_columns(layout, _header(path, delimiter), path)
    skipped: list[int] = []

    def skip(line: pa_csv.InvalidRow) -> str:
        row = line.number - 1
        got = f"{line.actual_columns} values"
        expected = f"{line.expected_columns} values"
        sentence = row_sentence("wrong_type", "line", expected, got, "quote or mend the line")
        skipped.append(row)
        on_reject(Reject(row, "wrong_type", sentence, {}))
        return "skip"

    wanted = sorted(set(fields.values()))
    try:
        reader = pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
        first = 1
        for batch in reader:
            columns = {field_name: batch[column] for field_name, column in fields.items()}
            yield RawBatch(columns, number_rows(first, batch.num_rows, skipped))
            first += batch.num_rows
    except READ_ERRORS as error:
        raise LayoutError(f"{path}: expected CSV in UTF-8, got {error}; convert the file") from None


def number_rows(first: int, count: int, skipped: Sequence[int]) -> npt.NDArray[np.int64]:
    """Number count kept rows from the first-th kept one on, counting the skipped rows too.

    >>> number_rows(3, 2, [2, 5])
    array([4, 6])
    """
    kept = np.arange(first, first + count)
    before = np.asarray(sorted(skipped), np.int64) - np.arange(len(skipped))
    return kept + np.searchsorted(before, kept, side="right")


def _header(path: Path, delimiter: str) -> list[str]:
    """Return the names in the first line of a CSV file."""
    try:
        with pa.input_stream(path) as stream:
            head = stream.read_buffer(_BLOCK_BYTES).to_pybytes()  # `read` leaks where it fails
            start = head.decode("utf-8-sig", errors="replace")
        return next(csv.reader(start.splitlines(), delimiter=delimiter), [])
    except (*READ_ERRORS, csv.Error) as error:
        raise LayoutError(f"{path}: expected a readable file, got {error}; check it") from None
