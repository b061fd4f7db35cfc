"""JSON lines, one object a line, as batches of raw columns of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from events.errors import one_line, show
from events.table import ATTRIBUTE_PREFIX
from producer.files.data_sets import CARDWATCH
from producer.files.form import Account, FileForm
from producer.files.layouts import Layout, LayoutError
from producer.files.match import fitted, match_columns
from producer.files.raw import SAMPLE_ROWS, RawBatch
from producer.values.rejects import Reject, RejectHandler, row_sentence

_DECODE_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TEXT_OF: Final[dict[type, Callable[[Any], str | None]]] = {
    str: lambda value: value,
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: None,
}
_decoder: Final = msgspec.json.Decoder(float_hook=str)
"""A decimal stays the text that it is, so that no digit of an amount is lost."""


class _RefusedError(ValueError):
    """One line is not a row: a code of events.errors, and what was expected and got."""

    def __init__(self, code: str, where: str, expected: str, got: object, step: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = row_sentence(code, where, expected, got, step)


class JsonRows:
    """The rows of one file of JSON lines; see producer.files.raw.Rows.

    A value within an object has the name of its way to it, such as attributes.V1. The names that
    a file must have are looked for in its first block; a row may lack any.
    """

    semicolons = False

    def __init__(
        self, path: Path, blocks: Iterator[bytes], encoding: str, layout: Layout, form: FileForm
    ) -> None:
        self._path, self._skip = path, form.skip_rows
        self._first = next(blocks, b"")
        self._blocks = chain([self._first], blocks)
        names = self._names()
        if names is None:
            raise LayoutError(
                f"{path}: expected one JSON object a line, got {show(self._first[:80])}; write an "
                "array or an indented object as lines, as `jq -c '.[]'` does"
            )
        self.layout = layout = fitted(layout, names)
        optional = {name: layout.columns[name] for name in layout.optional & layout.columns.keys()}
        match_columns(layout, [*names, *(set(optional.values()) - set(names))], path)
        self._fields = {name: tuple(column.split(".")) for name, column in layout.columns.items()}
        self._attributes: frozenset[str] | None = None
        if layout.name == CARDWATCH.name:
            self._attributes = frozenset(layout.attributes)
        self.described = f"JSON lines: {encoding}, {len(names)} names"

    def _names(self) -> list[str] | None:
        """Return the names in the first block; None where it holds no object."""
        names: dict[str, None] = {}
        objects = 0
        for line in self._first.split(b"\n"):
            try:
                names |= dict.fromkeys(_flat_names(_object(line, 1)))
                objects += 1
            except _RefusedError:
                continue
        return list(names) if objects else None

    def sample(self) -> Mapping[str, pa.Array]:
        """Return columns of the first rows."""
        lines = self._first.split(b"\n", SAMPLE_ROWS)[:SAMPLE_ROWS]
        return self._batch(lines, Account(), lambda _: None).columns

    def batches(
        self, _batch_rows: int, account: Account, on_reject: RejectHandler
    ) -> Iterator[RawBatch]:
        """Yield every row once: in a batch, or to on_reject. BrokenOffError where it ends."""
        for block in self._blocks:
            if block:
                yield self._batch(block[:-1].split(b"\n"), account, on_reject)

    def _batch(self, lines: list[bytes], account: Account, on_reject: RejectHandler) -> RawBatch:
        objects: list[dict[str, Any]] = []
        places: list[tuple[int, int]] = []
        for line in lines:
            account.lines += 1
            if not line.strip():
                account.blank += 1
                continue
            account.rows += 1
            if account.rows <= self._skip:
                account.skipped += 1
                continue
            try:
                found = _object(line, account.lines)
                self._refuse_unread(found, account.lines)
            except _RefusedError as refused:
                on_reject(Reject(account.rows, refused.code, refused.sentence, {}))
            else:
                objects.append(found)
                places.append((account.rows, account.lines))
        return self._columns(objects, places, on_reject)

    def _columns(
        self,
        objects: list[dict[str, Any]],
        places: list[tuple[int, int]],
        on_reject: RejectHandler,
    ) -> RawBatch:
        """Return the fields of objects as text; refuse those with a value that is none."""
        columns: dict[str, pa.Array] = {}
        bad: dict[int, Reject] = {}
        for name, way in self._fields.items():
            if len(way) == 1:
                values = [found.get(way[0]) for found in objects]
            else:
                values = [_at(found, way) for found in objects]
            kinds = set(map(type, values))
            if not kinds <= {str, type(None)}:
                if not kinds <= _TEXT_OF.keys():
                    odd = [at for at, value in enumerate(values) if type(value) not in _TEXT_OF]
                    for at in odd:
                        bad.setdefault(at, _not_text(*places[at], name, way, values[at]))
                        values[at] = None
                values = [_TEXT_OF[type(value)](value) for value in values]
            columns[name] = pa.array(values, pa.string())
        rows = np.asarray([row for row, _ in places], np.int64)
        if not bad:
            return RawBatch(columns, rows)
        for at in sorted(bad):
            on_reject(bad[at])
        kept = np.ones(len(rows), np.bool_)
        kept[list(bad)] = False
        mask = pa.array(kept)
        return RawBatch({name: one.filter(mask) for name, one in columns.items()}, rows[kept])

    def _refuse_unread(self, found: dict[str, Any], line: int) -> None:
        """Refuse an object with an attribute that would not be read."""
        given = found.get(ATTRIBUTE_PREFIX[:-1]) if self._attributes is not None else None
        if not isinstance(given, dict) or given.keys() <= (self._attributes or frozenset()):
            return
        extra = min(given.keys() - (self._attributes or frozenset()))
        raise _RefusedError(
            "bad_attributes",
            f"line {line:,}, {show(ATTRIBUTE_PREFIX + extra)}",
            "an attribute that rows near the file's start have too",
            extra,
            "name it by --map attributes.NAME=attributes.NAME",
        )


def _object(line: bytes, number: int) -> dict[str, Any]:
    """Return the object in one line."""
    where = f"line {number:,}"
    try:
        found = _decoder.decode(line)
    except _DECODE_ERRORS as error:
        said = one_line(error, 60)
        raise _RefusedError("not_json", where, "a JSON object", said, "mend the line") from None
    if not isinstance(found, dict):
        raise _RefusedError("not_an_object", where, "a JSON object", found, "mend the line")
    return found


def _flat_names(found: dict[str, Any], front: str = "") -> Iterator[str]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _flat_names(value, f"{front}{name}.")
        else:
            yield f"{front}{name}"


def _at(found: dict[str, Any], way: tuple[str, ...]) -> Any:
    """Return the value at the end of a way within objects, None where there is none."""
    whole = ".".join(way)
    if whole in found:
        return found[whole]
    value: Any = found
    for name in way:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _not_text(row: int, line: int, field_name: str, way: tuple[str, ...], got: object) -> Reject:
    where = f"line {line:,}, `{field_name}` (name {'.'.join(way)})"
    expected, step = "a text, a number or a boolean", "map another name"
    return Reject(row, "wrong_type", row_sentence("wrong_type", where, expected, got, step), {})
