"""A second file with more columns of the same payments, joined by transaction_id."""

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from producer.files.form import AS_FOUND, FileForm
from producer.files.layouts import Layout, LayoutError, frozen
from producer.files.reading import RawBatch, open_file
from producer.values.checks import Checks
from producer.values.missing import clean
from producer.values.rejects import Reject
from producer.values.spelling import spell
from producer.values.tally import Tally

KEY = "transaction_id"


def first_file(layout: Layout) -> Layout:
    """Return the layout of the file that the second one is joined to."""
    kept = {name: column for name, column in layout.columns.items() if name not in layout.second}
    return replace(layout, columns=frozen(kept), second=frozenset())


class SecondFile:
    """The columns of a second file, in memory, found by transaction_id."""

    def __init__(
        self, path: Path, layout: Layout, batch_rows: int, form: FileForm = AS_FOUND
    ) -> None:
        wanted = {*layout.second, KEY}
        if wanted == {KEY} or KEY not in layout.columns:
            raise LayoutError(
                f"--join: expected a layout of two files, got {layout.name}; leave --join out, or "
                "add --layout ieee-cis"
            )
        columns = {name: column for name, column in layout.columns.items() if name in wanted}
        own = replace(layout, columns=frozen(columns), constants=frozen({}))

        def refuse(reject: Reject) -> NoReturn:
            raise LayoutError(f"{path}: row {reject.row}: {reject.sentence}")

        batches = list(open_file(path, own, form).batches(batch_rows, refuse))
        self._fields = {name: column for name, column in columns.items() if name != KEY}
        self._columns = {
            name: pa.chunked_array([batch.columns[name] for batch in batches]).combine_chunks()
            for name in columns
            if batches and name in batches[0].columns
        }
        self._ids = _ids(self._columns.pop(KEY, pa.array([], pa.string())))
        if pc.count_distinct(self._ids).as_py() < len(self._ids):
            raise LayoutError(
                f"{path}: expected one row for each {layout.columns[KEY]}, got several; "
                "keep one of them"
            )

    def added_to(self, layout: Layout) -> Layout:
        """Return the layout of the first file with the columns of this one."""
        return replace(layout, columns=frozen({**layout.columns, **self._fields}))

    def add_to(self, raw: RawBatch, tally: Tally) -> RawBatch:
        """Return a batch with the columns of the second file, null where it has no row."""
        places = pc.index_in(_ids(raw.columns[KEY]), value_set=self._ids, skip_nulls=True)
        tally.add("not_joined", places.null_count)
        more = {name: column.take(places) for name, column in self._columns.items()}
        return RawBatch({**raw.columns, **more}, raw.rows)


def _ids(column: pa.Array) -> pa.Array:
    """Return ids in one spelling, so that 3663549 and 3663549.0 meet."""
    cleaned, _ = clean(column, KEY)
    return spell(cleaned, KEY, Checks(len(cleaned)))
