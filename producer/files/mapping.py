"""Rows of a file become payments: mapped, checked, named, their cards replaced by tokens."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.table import ATTRIBUTE_PREFIX, table_schema
from events.zones import KNOWN_TEXTS
from producer.columns import conform
from producer.files.layouts import NEEDED_FIELDS, TEXT_FIELDS, Layout, LayoutError, field_of
from producer.files.reading import PaymentFile, RawBatch, open_file
from producer.files.row_ids import file_digest, row_ids
from producer.files.second_file import SecondFile, first_file
from producer.values.amounts import Minor, amount_column
from producer.values.checks import (
    Checks,
    Mask,
    attribute_column,
    currency_column,
    flag_column,
    known_column,
    number_column,
    true,
)
from producer.values.missing import clean
from producer.values.rejects import Reject, RejectHandler, cell, refuse_first, shown
from producer.values.tally import Tally
from producer.values.texts import TOKENISED, TextRules, text_column
from producer.values.time_parts import time_of_parts
from producer.values.times import time_column
from producer.values.tokens import Tokenizer

Rows = npt.NDArray[np.int64]

BATCH_ROWS: Final = 65_536
PLACE_LIMITS: Final = {"lat": (-90.0, 90.0), "lon": (-180.0, 180.0)}
_MOST_DECIMALS: Final = 4


def read(
    path: Path,
    layout: Layout,
    tokenizer: Tokenizer,
    on_reject: RejectHandler = refuse_first,
    batch_rows: int = BATCH_ROWS,
    tally: Tally | None = None,
    join: Path | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the payments of a file that is recognised by itself; see `payments_of`.

    join is a second file with more columns of the same payments. Raises LayoutError where a file
    does not fit the layout.
    """
    second = None if join is None else SecondFile(join, layout, batch_rows)
    file = open_file(path, first_file(layout))
    yield from payments_of(file, tokenizer, on_reject, batch_rows, tally, second)


def payments_of(
    file: PaymentFile,
    tokenizer: Tokenizer,
    on_reject: RejectHandler = refuse_first,
    batch_rows: int = BATCH_ROWS,
    tally: Tally | None = None,
    second: SecondFile | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the payments of a file in the form of events.table, in the order of the file.

    Rows that events would refuse go to on_reject, which by default raises RowRefusedError for the
    first. What was assumed or left out is counted in tally. The file's account holds every row.
    BrokenOffError where the file breaks off.
    """
    account, name = file.account, file.path.name

    def refuse(reject: Reject) -> None:
        account.refused += 1
        on_reject(reject)

    tally = Tally() if tally is None else tally
    layout = file.layout if second is None else second.added_to(file.layout)
    mapper = Mapper(layout, tokenizer, tally)
    mapper.check_constants()
    if layout.numbered:
        mapper = replace(mapper, digest=file_digest(file.path))
    for raw in file.batches(batch_rows, refuse):
        whole = raw if second is None else second.add_to(raw, tally)
        batch = mapper.payments(whole, refuse)
        account.payments += batch.num_rows
        account.left_out = tally.counts["refunds_left_out"]
        account.settle(name)
        yield batch
    account.settle(name)


@dataclass(frozen=True, slots=True)
class Mapper:
    """Makes payments of raw columns; digest names the rows that have no id."""

    layout: Layout
    tokenizer: Tokenizer
    tally: Tally
    digest: str = ""

    def payments(self, raw: RawBatch, on_reject: RejectHandler) -> pa.RecordBatch:
        """Map, check and tokenise one batch; rows that are refused or left out are not in it."""
        rows = len(raw.rows)
        found = Checks(rows)
        columns, refunds = self._columns(raw, found)
        for row, (code, sentence) in sorted(found.reasons.items()):
            on_reject(Reject(int(raw.rows[row]), code, sentence, _shown(raw, row)))
        self.tally.add("refunds_left_out", int((refunds & found.good).sum()))
        kept = found.good & ~refunds
        batch = conform(columns, table_schema(self.layout.attributes), rows)
        return batch if kept.all() else batch.filter(pa.array(kept))

    def check_constants(self) -> None:
        """Raise LayoutError for a constant that no payment may have, before a file is read."""
        found = Checks(1)
        constants = self.layout.constants
        mapper = replace(self, tally=Tally())
        mapper._columns(RawBatch({}, np.ones(1, np.int64)), found)
        for _, sentence in found.reasons.values():
            names = ", ".join(constants)
            raise LayoutError(f"--constant ({names}): {sentence.removesuffix('.')}")

    def _columns(self, raw: RawBatch, found: Checks) -> tuple[dict[str, pa.Array], Mask]:
        """Return the fields that a batch has, and the refunds, bool[n]."""
        rows = len(raw.rows)
        layout = self.layout
        constants = {name: pa.repeat(text, rows) for name, text in layout.constants.items()}
        given = {**raw.columns, **constants}
        columns = self._texts(given, raw.rows, found)
        columns |= self._numbers(given, found)
        refunds = np.zeros(rows, np.bool_)
        exponents = self._exponents(columns, found, rows)
        if "amount" in given:
            amounts = self._number(given, "amount")
            if front := layout.strip.get("amount"):
                amounts = pc.replace_substring_regex(amounts, f"^{re.escape(front)}", "")
            columns["amount_minor"], refunds = amount_column(
                amounts, exponents, self._where("amount"), layout.amounts, found, self.tally
            )
        times = self._times(given)
        if times is not None:
            columns["timestamp_ms"] = time_column(
                times, layout.times, self._where("timestamp"), found, self.tally
            )
        if "is_fraud" in given:
            labels = self._cleaned(given, "is_fraud")
            columns["is_fraud"] = flag_column(labels, self._where("is_fraud"), found)
        return columns, refunds

    def _texts(
        self, given: Mapping[str, pa.Array], rows: Rows, found: Checks
    ) -> dict[str, pa.Array]:
        """Return the text fields: from columns, constants, and digest and row number."""
        layout = self.layout
        texts: dict[str, pa.Array] = {}
        for name in (*TEXT_FIELDS, "currency"):
            parts = [given[key] for key in layout.parts(name) or [name] if key in given]
            if self.digest and name in layout.numbered:
                parts = [row_ids(self.digest, rows)]
            if parts:
                rules = TextRules(
                    layout.strip.get(name, ""),
                    layout.prefixes.get(name, ""),
                    layout.suffixes.get(name, ""),
                    name in (*NEEDED_FIELDS, "transaction_id"),
                    layout.card_is_number and name == "card_id",
                )
                where = self._where(name)
                texts[name] = text_column(
                    parts, name, where, rules, self.tokenizer, found, self.tally
                )
                if name in KNOWN_TEXTS:
                    code, known, expected = KNOWN_TEXTS[name]
                    known_column(texts[name], known, code, where, expected, found)
        return texts

    def _numbers(self, given: Mapping[str, pa.Array], found: Checks) -> dict[str, pa.Array]:
        """Return coordinates (both or neither) and attributes."""
        numbers = {
            name: number_column(
                self._number(given, name), self._where(name), limits, "bad_coordinates", found
            )
            for name, limits in PLACE_LIMITS.items()
            if name in given
        }
        if len(numbers) == len(PLACE_LIMITS):
            lone = pc.xor(numbers["lat"].is_null(), numbers["lon"].is_null())
            step = "give the pair"
            column = given["lat"]
            found.refuse(true(lone), "bad_coordinates", "`lat`, `lon`", "both", column, step)
        for attribute in self.layout.attributes:
            name = ATTRIBUTE_PREFIX + attribute
            if name in given:
                column = self._number(given, name)
                numbers[name] = attribute_column(column, attribute, self._where(name), found)
        return numbers

    def _exponents(self, columns: Mapping[str, pa.Array], found: Checks, rows: int) -> Minor:
        """Return the decimals that each row's amount may have, int64[n]."""
        if "currency" not in columns:
            return np.full(rows, _MOST_DECIMALS)
        exponents = currency_column(columns["currency"], self._where("currency"), found)
        return np.zeros_like(exponents) if self.layout.amount_in_minor else exponents

    def _times(self, given: Mapping[str, pa.Array]) -> pa.Array | None:
        """Return the times, of one column or put together from parts; None without any."""
        names = self.layout.parts("timestamp") or ["timestamp"]
        if not all(name in given for name in names):
            return None
        if names == ["timestamp"]:
            return self._cleaned(given, "timestamp")
        return time_of_parts({name: self._cleaned(given, name) for name in names})

    def _cleaned(self, given: Mapping[str, pa.Array], name: str) -> pa.Array:
        """Return a column without blanks at both ends, null where it is missing."""
        column, words = clean(given[name], name)
        self.tally.add("missing_words", pc.sum(words).as_py() or 0)
        return column

    def _number(self, given: Mapping[str, pa.Array], name: str) -> pa.Array:
        """Return a column cleaned; texts that are all plain numbers need no look at each."""
        column = given[name]
        if name != "amount" and pa.types.is_string(column.type):
            try:
                return clean(column.cast(pa.float64()), name)[0]
            except pa.ArrowInvalid:
                pass
        return self._cleaned(given, name)

    def _where(self, name: str) -> str:
        """Name a field, and the columns of the file that hold it."""
        found = [self.layout.columns[key] for key in self.layout.parts(name)]
        kind = "column" if len(found) == 1 else "columns"
        return f"`{name}` ({kind} {', '.join(found)})" if found else f"`{name}`"


def _shown(raw: RawBatch, row: int) -> dict[str, str | None]:
    """Return a refused row's values as they may be written down: no card, long digits masked."""
    return {
        name: shown(cell(column, row))
        for name, column in raw.columns.items()
        if field_of(name) not in TOKENISED
    }
