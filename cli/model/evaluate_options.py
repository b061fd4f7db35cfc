"""The options that `evaluate` and `tune` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click

from cli.model.evaluate_study import STUDY_ROWS, Study
from cli.model.evaluation_data import SHARED, TEST_SHARE
from cli.options import Adder, Function, gathered, in_group, json_option, output_options, together
from cli.stream.mapping_options import PaymentsPath, reading_options, skip_bad_rows_option
from cli.stream.produce_options import Duration
from training.evaluation.candidates import Columns
from training.fit_settings import FitSettings

COUNT = click.IntRange(min=1)


_protocol = in_group("Protocol")
_models = in_group("Models")


def _data(name: str, what: str) -> Adder:
    return in_group("Data")(
        "--data",
        type=click.Path(dir_okay=False, path_type=Path),
        default=SHARED / name,
        show_default=f"../shared/data/{name}",
        help=what,
    )


_SPLIT = (
    _protocol(
        "--label-delay", type=Duration(), default="7d", help="Time from a payment to its label."
    ),
    _protocol(
        "--test-share",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=TEST_SHARE,
        help="Share of the time that is judged, at the end of the file.",
    ),
    _protocol(
        "--folds",
        "parts",
        type=COUNT,
        default=1,
        help="Number of equal parts of the judged time, judged in turn.",
    ),
)
jobs_option = _models(
    "--jobs", type=COUNT, default=FitSettings().jobs, help="Number of threads for fitting."
)
settings_option = _models(
    "--settings",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON file with the settings of the models, which `tune` writes and `evaluate` and "
    "`train` read. Default: one file for each data set.",
)
_MODELS = (
    _models(
        "--features",
        "columns",
        type=click.Choice(get_args(Columns)),
        default="stream",
        help="Features of the models: all that the stream computes, or the Handbook's fifteen.",
    ),
    settings_option,
    jobs_option,
)


def bundled(kind: type, *options: Adder) -> Callable[[Function], Function]:
    """Return a decorator that adds options; the command gets them as one `options: kind`.

    The options of the models, --json, -q and -v come with them.
    """
    return gathered(kind, "options", *options, *_MODELS, json_option, output_options)


_study = in_group("Study")
study_options = together(
    _study(
        "--study",
        type=click.Choice(get_args(Study)),
        show_envvar=False,
        help="Subject of a study on the time before the judged days, in place of the evaluation.",
    ),
    _study(
        "--study-rows",
        type=click.IntRange(1_000),
        default=STUDY_ROWS,
        help="Number of payments in a study, the latest before the judged days.",
    ),
)
handbook_options = _data("handbook.parquet", "File of the Handbook's simulated transactions.")
sparkov_options = together(
    _data("sparkov.parquet", "File of Sparkov's or Kaggle's payments."), *_SPLIT
)
file_options = together(
    click.argument("data", metavar="PATH", type=PaymentsPath()),
    reading_options,
    skip_bad_rows_option,
    *_SPLIT,
)
