"""The options that say how a file of payments is read, shared by every command that reads one.

A new option is a field of ReadingOptions, a line of _OPTIONS, and its use in `columns` or `form`.
Then produce, train, evaluate and tune have it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.options import gathered, in_group
from cli.stream.produce_options import Moment
from events.zones import zone_rules
from producer.files.data_sets import LAYOUTS
from producer.files.dialect import delimiter_named
from producer.files.form import DECIMALS, QUOTES, Decimal, FileForm, Quotes
from producer.files.layouts import DATE_ORDERS, TIMESTAMP_UNITS, Layout, with_options
from producer.files.mapping import BATCH_ROWS
from producer.files.reading import PaymentFile, open_file
from producer.files.second_file import SecondFile, first_file
from producer.files.text import codec_named
from producer.values.time_spellings import DateOrder
from producer.values.times import TimestampUnit


class Zone(click.ParamType[str]):
    """A time zone of the IANA database, such as Europe/Berlin."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name of a zone that exists."""
        try:
            return zone_rules(str(value)).key
        except KeyError:
            self.fail(f"expected a zone such as Europe/Berlin or UTC, got {value!r}", param, ctx)


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Options of one call that say how the columns of a file become payments."""

    layout: str | None = None
    pairs: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    timestamp_unit: TimestampUnit | None = None
    timestamp_start: datetime | None = None
    timezone: str | None = None
    date_order: DateOrder | None = None
    round_amounts: bool = False
    leave_out_refunds: bool = False
    join: Path | None = None
    delimiter: str | None = None
    decimal: Decimal | None = None
    encoding: str | None = None
    quotes: Quotes = "line"
    sort: bool = False

    def form(self, skip_rows: int = 0) -> FileForm:
        """Return how a file's text is read; LayoutError for what names nothing."""
        delimiter = None if self.delimiter is None else delimiter_named(self.delimiter)
        encoding = None if self.encoding is None else codec_named(self.encoding)
        return FileForm(delimiter, self.decimal, encoding, self.quotes, skip_rows)

    def open(
        self, path: Path, columns: Layout, form: FileForm
    ) -> tuple[PaymentFile, SecondFile | None]:
        """Return a file, recognised, and the second one that --join names.

        Raises LayoutError where a file does not fit the layout.
        """
        file = open_file(path, first_file(columns), form)
        second = None
        if self.join is not None:
            second = SecondFile(self.join, columns, BATCH_ROWS, replace(form, skip_rows=0))
        return file, second

    def columns(self) -> Layout:
        """Return the layout with what was given over it; LayoutError where that is none."""
        base = LAYOUTS[self.layout] if self.layout else None
        return with_options(
            base,
            self.pairs,
            self.constants,
            self.timestamp_unit,
            self.timestamp_start,
            self.timezone,
            self.date_order,
            self.round_amounts,
            self.leave_out_refunds,
        )


class PaymentsPath(click.Path[Path]):
    """A file of payments, or - for standard input, which is kept in a temporary file."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path, allow_dash=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path of a file that can be read more than once."""
        path = super().convert(value, param, ctx)
        if path != Path("-") or ctx is None or ctx.resilient_parsing:
            return path
        kept = Path(ctx.with_resource(tempfile.TemporaryDirectory(prefix="cardwatch-"))) / "stdin"
        with kept.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        return kept


_DATA = in_group("Data")
_READING = in_group("Reading of the file (rarely needed)")
_OPTIONS = (
    _DATA(
        "--layout",
        type=click.Choice(tuple(LAYOUTS)),
        help="Name of a known data set, whose columns need no --map.",
    ),
    _DATA(
        "--map",
        "pairs",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Column of the file that holds a field, such as amount=sum. Repeatable.",
    ),
    _DATA(
        "--constant",
        "constants",
        multiple=True,
        metavar="FIELD=TEXT",
        help="Text that every payment has in a field, such as currency=EUR. Repeatable.",
    ),
    _READING(
        "--timestamp-unit",
        type=click.Choice(TIMESTAMP_UNITS),
        help="Form of times: iso is date and time, the others are numbers of d (days), h (hours), "
        "s, ms, us or ns. Default: the layout's, or iso.",
    ),
    _READING(
        "--timestamp-start",
        type=Moment(),
        help="Start that numeric times count from. Default: the layout's, or 1970.",
    ),
    _READING(
        "--timezone",
        type=Zone(),
        help="Time zone of times without an offset, such as Europe/Berlin. Default: UTC.",
    ),
    _READING(
        "--date-order",
        type=click.Choice(DATE_ORDERS),
        help="Order of day and month in dates such as 03/04/2024, which are refused without it.",
    ),
    _READING(
        "--round-amounts",
        is_flag=True,
        help="Round amounts with too many decimals for their currency, halves away from zero.",
    ),
    _READING("--leave-out-refunds", is_flag=True, help="Leave out and count amounts below zero."),
    _READING(
        "--join",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Second file of a layout of two, such as train_identity.csv of ieee-cis.",
    ),
    _READING(
        "--delimiter",
        metavar="CHARACTER",
        help="Character between values, or comma, semicolon, tab or pipe. Default: found in the "
        "file.",
    ),
    _READING(
        "--decimal",
        type=click.Choice(DECIMALS),
        help="Mark before the decimals of a number in text. Default: found in the file.",
    ),
    _READING(
        "--encoding",
        metavar="NAME",
        help="Encoding of the text, such as cp1252 or latin-1. Default: its BOM's, or UTF-8.",
    ),
    _READING(
        "--quotes",
        type=click.Choice(QUOTES),
        default="line",
        help="End of a quoted value: on its line, or on a later line (multiline); with none, "
        "quotes mean nothing.",
    ),
    _READING("--sort", is_flag=True, help="Sort the file by time first, in memory."),
)

skip_bad_rows_option = _READING(
    "--skip-bad-rows", is_flag=True, help="Leave out rows that are no payments."
)


reading_options = gathered(ReadingOptions, "reading", *_OPTIONS)
"""Adds the options; the command gets them as one `reading: ReadingOptions`."""
