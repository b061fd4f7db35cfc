"""Numbers as text made one form: a point before the decimals, and nothing between thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.errors import show
from events.table import ATTRIBUTE_PREFIX
from producer.files.form import Decimal
from producer.files.layouts import PLACE_FIELDS, Layout, LayoutError
from producer.files.raw import RawBatch
from producer.values.rejects import Reject, RejectHandler, cell, row_sentence

Evidence = Literal["comma", "point", "comma?", "point?"]

_GROUP: Final = "[ '\u2019\u00a0\u2009\u202f]"
"""What stands between thousands and means nothing else: blanks and apostrophes."""
_EXPONENT: Final = "([eE][+-]?[0-9]+)?"
_GROUPED_BY: Final = "[+-]?[0-9]{{1,3}}({}[0-9]{{3}})+"
_COMMA: Final = (
    f"^({_GROUPED_BY.format('[.]')}|{_GROUPED_BY.format(_GROUP)}|[+-]?[0-9]*)(,[0-9]+)?{_EXPONENT}$"
)
_POINT: Final = f"^({_GROUPED_BY.format(',')}|{_GROUPED_BY.format(_GROUP)})([.][0-9]+)?{_EXPONENT}$"
_POINT_UNSURE: Final = (
    f"^({_GROUPED_BY.format(',')}[.][0-9]+|{_GROUPED_BY.format(',')},[0-9]{{3}}|"
    f"{_GROUPED_BY.format(_GROUP)}([.][0-9]+)?){_EXPONENT}$"
)
_PLAIN_POINT: Final = f"^[+-]?[0-9]*[.][0-9]+{_EXPONENT}$"
_ONE_MARK: Final = re.compile(r"[+-]?([0-9]*)([.,])([0-9]+)" + _EXPONENT)
_TWO_MARKS: Final = re.compile(
    r"[+-]?[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*(?!\1)([.,])[0-9]+"
)
_GROUPS_ALONE: Final = re.compile(r"[+-]?[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})+")
_CODES: Final = {"amount": "bad_amount", "lat": "bad_coordinates", "lon": "bad_coordinates"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Mark before a column's decimals, and whether its values prove it."""

    decimal: Decimal
    sure: bool


def number_fields(layout: Layout) -> list[str]:
    """Return the fields of a layout that hold decimal numbers."""
    names = ("amount", *PLACE_FIELDS)
    return [name for name in layout.columns if name in names or name.startswith(ATTRIBUTE_PREFIX)]


def find_marks(
    path: Path,
    layout: Layout,
    sample: Mapping[str, pa.Array],
    given: Decimal | None,
    semicolons: bool,
) -> dict[str, Mark]:
    """Return the decimal mark of each column of numbers that is text.

    Raises LayoutError, which asks for --decimal, where values can be read in two ways.
    """
    texts = {
        name: sample[name]
        for name in number_fields(layout)
        if name in sample and pa.types.is_string(sample[name].type)
    }
    if given is not None:
        return {name: Mark(given, True) for name in texts}
    seen = {name: _evidence(column) for name, column in texts.items()}
    proven = {mark for found in seen.values() for mark in ("comma", "point") if mark in found}
    return {
        name: _mark(path, name, layout.columns[name], found, proven, semicolons)
        for name, found in seen.items()
    }


def _evidence(column: pa.Array) -> dict[Evidence, str]:
    """Return what a column's values tell of its decimal mark, each with a value that does."""
    found: dict[Evidence, str] = {}
    marked = column.filter(pc.fill_null(pc.match_substring_regex(column, "[.,]"), False))
    for text in marked.unique().to_pylist():
        kind = evidence_of(re.sub(_GROUP, "", text))
        if kind is not None:
            found.setdefault(kind, text)
    return found


def evidence_of(text: str) -> Evidence | None:
    """Tell which decimal mark a number has; with ? where it may be a mark of thousands.

    >>> [evidence_of(text) for text in ("12,5", "1.234,56", "1,234", "1.234.567", "7")]
    ['comma', 'comma', 'comma?', 'comma', None]
    """
    if match := _ONE_MARK.fullmatch(text):
        kind: Decimal = "comma" if match[2] == "," else "point"
        thousands = len(match[3]) == 3 and 1 <= len(match[1]) <= 3 and match[1] != "0"
        unsure: Evidence = "comma?" if kind == "comma" else "point?"
        return unsure if thousands else kind
    if match := _TWO_MARKS.fullmatch(text):
        return "comma" if match[2] == "," else "point"
    if match := _GROUPS_ALONE.fullmatch(text):
        return "point" if match[1] == "," else "comma"
    return None


def _mark(
    path: Path,
    field_name: str,
    column: str,
    seen: Mapping[Evidence, str],
    proven: Iterable[str],
    semicolons: bool,
) -> Mark:
    """Return the decimal mark of one column; LayoutError where it cannot be told."""
    where = f"{path}: column {column!r} for {field_name}"
    if "comma" in seen and "point" in seen:
        raise LayoutError(
            f"{where}: expected one decimal mark, got {show(seen['comma'])} and "
            f"{show(seen['point'])}; say --decimal comma or --decimal point"
        )
    own = [mark for mark in ("comma", "point") if mark in seen]
    certain = own or (sorted(proven) if "comma?" in seen or "point?" in seen else [])
    if len(certain) == 1:
        return Mark("comma" if certain[0] == "comma" else "point", True)
    doubtful = seen.get("comma?") or (semicolons and field_name == "amount" and seen.get("point?"))
    if doubtful:
        raise LayoutError(
            f"{where}: expected decimals or thousands, got {show(doubtful)}, which can be either; "
            "say --decimal comma or --decimal point"
        )
    return Mark("point", False)


def with_points(
    batch: RawBatch, marks: Mapping[str, Mark], layout: Layout, on_reject: RejectHandler
) -> RawBatch:
    """Return a batch whose numbers have a point before the decimals, and no thousands.

    A value that the other mark would make another number goes to on_reject; what is not a number
    stays as it is.
    """
    columns = dict(batch.columns)
    good = np.ones(len(batch.rows), np.bool_)
    for name, mark in marks.items():
        column = columns[name]
        if mark.decimal == "comma":
            columns[name], wrong = _from_comma(column)
            refused = np.flatnonzero(wrong & good).tolist()
            good &= ~wrong
            for at in refused:
                on_reject(_reject(int(batch.rows[at]), name, layout, cell(column, at)))
        else:
            columns[name] = _from_point(column, mark.sure)
    if good.all():
        return RawBatch(columns, batch.rows)
    kept = pa.array(good)
    return RawBatch({name: one.filter(kept) for name, one in columns.items()}, batch.rows[good])


def _from_comma(column: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Return numbers with a point, and where a point stands that is none of thousands."""
    fits = pc.fill_null(pc.match_substring_regex(column, _COMMA), False)
    plain = pc.replace_substring_regex(column, f"[.]|{_GROUP}", "")
    plain = pc.replace_substring(plain, ",", ".")
    points = pc.fill_null(pc.match_substring_regex(column, _PLAIN_POINT), False)
    wrong: npt.NDArray[np.bool_] = np.asarray(pc.and_not(points, fits))
    return pc.if_else(fits, plain, column), wrong


def _from_point(column: pa.Array, sure: bool) -> pa.Array:
    """Return numbers without thousands; where a comma may be one of decimals it stays."""
    grouped = pc.match_substring_regex(column, _POINT if sure else _POINT_UNSURE)
    if not pc.any(grouped).as_py():
        return column
    plain = pc.replace_substring_regex(column, f",|{_GROUP}", "")
    return pc.if_else(pc.fill_null(grouped, False), plain, column)


def _reject(row: int, field_name: str, layout: Layout, got: object) -> Reject:
    code = _CODES.get(field_name, "bad_attributes")
    where = f"`{field_name}` (column {layout.columns[field_name]})"
    step = "correct the value, or say --decimal point"
    sentence = row_sentence(code, where, "a decimal comma as in 12,50", got, step)
    return Reject(row, code, sentence, {field_name: show(got)})
