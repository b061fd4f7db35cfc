"""The options that say how a file of payments is read, as `train` and `evaluate` share them."""

from __future__ import annotations

import click

from cli.options import option
from producer.layouts import LAYOUTS, TIMESTAMP_UNITS

MAPPING_OPTIONS = (
    option("--layout", type=click.Choice(tuple(LAYOUTS)), help="A known data set's columns."),
    option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Column of a field."),
    option("--constant", "constants", multiple=True, metavar="FIELD=TEXT", help="Text of a field."),
    option("--timestamp-unit", type=click.Choice(TIMESTAMP_UNITS), help="Default: the layout's."),
    option("--sort", is_flag=True, help="Order the file by time first."),
    option("--skip-bad-rows", is_flag=True, help="Leave out rows that are no payments."),
)
