"""Every line of a CSV file against a reader that looks at one line at a time."""

import csv
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from producer.files.form import BrokenOffError, FileForm, Quotes
from producer.files.layouts import with_options
from producer.files.reading import open_file
from producer.values.rejects import Reject

LAYOUT = with_options(
    None, ["card_id=a", "merchant_id=b"], ["timestamp=2024-05-01", "amount=1", "currency=EUR"]
)
FOLDER = Path(tempfile.mkdtemp(prefix="cardwatch-lines-"))
_VALUE = r'(?:"(?:[^"]|"")*"|[^",]*)'
_PLAIN = re.compile(f"{_VALUE}(?:,{_VALUE})*")

Found = tuple[list[tuple[int, str, str]], list[int], int | None]
"""Rows of two values with their numbers, numbers of other rows, the row that cannot be read."""


def naive(text: str, quotes: Quotes) -> Found:
    """Read line after line, each by itself unless its quotes take in others."""
    lines = re.split("\r\n|\r|\n", text)
    lines = lines[:-1] if not lines[-1] else lines
    rows: list[tuple[int, str, str]] = []
    others: list[int] = []
    at = row = 0
    while at < len(lines):
        if not lines[at].strip(","):
            at += 1
            continue
        row += 1
        values, taken = _values(lines[at:], quotes)
        inner = lines[at + 1 : at + taken - 1]
        if values is None or any(_PLAIN.fullmatch(one) and _width(one) == 2 for one in inner):
            return rows, others, row
        if len(values) == 2:
            rows.append((row, values[0], values[1]))
        else:
            others.append(row)
        at += taken
    return rows, others, None


def _width(line: str) -> int:
    return len(next(csv.reader([line]), []))


def _values(lines: list[str], quotes: Quotes) -> tuple[list[str] | None, int]:
    if quotes == "none":
        return lines[0].split(","), 1
    taken, closed = 0, True

    def following() -> Iterator[str]:
        nonlocal taken, closed
        for line in lines if quotes == "multiline" else lines[:1]:
            taken += 1
            yield line + "\n"
        closed = False

    values = next(csv.reader(following()))
    return (values if closed else None), taken


def read(text: str, quotes: Quotes) -> Found:
    path = FOLDER / "own.csv"
    path.write_bytes(b"a,b\n" + text.encode())
    rejects: list[Reject] = []
    rows: list[tuple[int, str, str]] = []
    broken = None
    file = open_file(path, LAYOUT, FileForm(quotes=quotes))
    try:
        for raw in file.batches(10, rejects.append):
            values = (raw.columns[name].to_pylist() for name in ("card_id", "merchant_id"))
            rows += zip(raw.rows.tolist(), *values, strict=True)
    except BrokenOffError:
        broken = file.account.rows + 1
    return rows, [one.row for one in rejects], broken


TEXTS = st.text(st.sampled_from('x",,\n\n\r é"'), max_size=40)


@settings(max_examples=400)
@given(TEXTS, st.sampled_from(("line", "multiline", "none")))
@example('x,"x\nx,x\n', "line")
@example('x,"x\nx,x\nx","x', "multiline")
@example('"x""x",x\n"x"x,x\n', "line")
@example('x,"a\r\nb"\r\nx,x', "multiline")
def test_every_line_is_a_row_a_refused_one_or_where_the_file_breaks_off(
    text: str, quotes: Quotes
) -> None:
    assert read(text, quotes) == naive(text, quotes)


@pytest.mark.parametrize("rows", [1, 70_000, 200_000])
def test_an_open_quote_is_named_wherever_it_stands(rows: int) -> None:
    text = "some card,some merchant\n" * rows + 'x,"open\n' + "x,y\n" * 100
    found, others, broken = read(text, "line")
    assert (len(found), others, broken) == (rows, [], rows + 1)


def test_a_value_over_the_border_of_two_blocks_is_one_value() -> None:
    value = "\n".join(["a line of a long text"] * 20)
    found, others, broken = read(f'x,"{value}"\n' * 20_000, "multiline")
    assert (len(found), others, broken) == (20_000, [], None)
    assert {(a, b) for _, a, b in found} == {("x", value)}


def test_a_quote_that_takes_in_rows_is_an_error_also_where_values_hold_line_breaks() -> None:
    path = FOLDER / "own.csv"
    path.write_text('a,b\nx,fine\nx,"left open\nx,fine\nx,"closed here"\n')
    with pytest.raises(BrokenOffError, match=r"row 2 \(line 3\): expected the quote"):
        list(open_file(path, LAYOUT, FileForm(quotes="multiline")).batches(10, lambda _: None))


def test_a_quote_without_an_end_is_named_by_its_column() -> None:
    path = FOLDER / "own.csv"
    path.write_text('a,b\nx,fine\nx,"left open\nx,fine\n')
    with pytest.raises(BrokenOffError, match="the quote in column 'b' to be closed"):
        list(open_file(path, LAYOUT).batches(10, lambda _: None))
    rows = list(open_file(path, LAYOUT, FileForm(quotes="none")).batches(10, lambda _: None))
    assert rows[0].columns["merchant_id"].to_pylist() == ["fine", '"left open', "fine"]
