"""`cardwatch tune`: search the ensemble's settings on validation folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from cli.console import Output
from cli.model.evaluate_options import (
    COUNT,
    bundled,
    file_options,
    handbook_options,
    sparkov_options,
)
from cli.model.evaluation_data import (
    SOURCE_ERRORS,
    DataSet,
    TimeSplit,
    data_path,
    handbook,
    load_history,
    own_file,
    sparkov,
)
from cli.model.fit_options import weights_by_option
from cli.model.train_history import FileSource, command_line
from cli.options import GroupedGroup, in_group
from cli.stream.mapping_options import ReadingOptions
from features.catalogue import FEATURE_SET_VERSION
from training.evaluation.candidates import Columns
from training.evaluation.chosen import Found, write_chosen
from training.evaluation.search import OBJECTIVE, Budget, SearchResult, Task, search
from training.fit_settings import FitSettings, WeightsBy

_NOT_PART_OF_THE_RECIPE = frozenset({"json_path", "quiet", "verbose", "jobs", "settings"})

EXAMPLE = """\b
Examples:
  ./cardwatch tune handbook --trials 40 --seconds 1800
  ./cardwatch tune file own.parquet --layout cardwatch --trials 20

Settings are chosen by the mean of AUC, average precision and card precision at 100, on validation
folds. The folds end before the first day that `evaluate` judges. A search ends at --trials or,
between two trials, at --seconds. The same seed and trials give the same settings.

\b
The file that is written serves two commands:
  ./cardwatch evaluate file own.parquet ...    takes it without being told
  ./cardwatch train --settings FILE"""

_search = in_group("Search")


@dataclass(frozen=True)
class SearchOptions:
    """Options of one call of `tune`."""

    columns: Columns
    settings: Path | None
    trials: int
    seconds: float
    seed: int
    weights_by: WeightsBy
    jobs: int
    json_path: str | None


_search_options = bundled(
    SearchOptions,
    _search("--trials", type=COUNT, default=40, help="Maximum number of settings to try."),
    _search(
        "--seconds",
        type=click.FloatRange(0, min_open=True),
        default=1800.0,
        help="Time in seconds after which no trial begins.",
    ),
    _search("--seed", default=7, help="Seed of the search and of the models."),
    weights_by_option,
)


@click.group("tune", cls=GroupedGroup, epilog=EXAMPLE)
def command() -> None:
    """Search good settings of the models, and write a settings file.

    Searches on validation folds, never on the days that `evaluate` judges. Prints the settings and
    what they gain over the defaults.
    """


@command.command("handbook")
@handbook_options
@_search_options
@click.pass_context
def handbook_command(
    context: click.Context, data: Path, options: SearchOptions, out: Output
) -> None:
    """Search settings on the Handbook's validation folds of June and July."""
    _run(context, handbook(data_path(data)), options, out)


@command.command("sparkov")
@sparkov_options
@_search_options
@click.pass_context
def sparkov_command(
    context: click.Context,
    data: Path,
    label_delay: int,
    test_share: float,
    parts: int,
    options: SearchOptions,
    out: Output,
) -> None:
    """Search settings on the time before the last 20 % of Sparkov's data."""
    split = TimeSplit(label_delay, test_share, parts)
    _run(context, sparkov(data_path(data), split), options, out)


@command.command("file")
@file_options
@_search_options
@click.pass_context
def file_command(
    context: click.Context,
    data: Path,
    reading: ReadingOptions,
    skip_bad_rows: bool,
    label_delay: int,
    test_share: float,
    parts: int,
    options: SearchOptions,
    out: Output,
) -> None:
    """Search settings on the time before the last part of your own file.

    PATH holds labelled payments as CSV, JSON lines or Parquet; - reads standard input.
    """
    split = TimeSplit(label_delay, test_share, parts)
    _run(context, own_file(FileSource(data, reading, skip_bad_rows), split), options, out)


def _run(context: click.Context, data: DataSet, options: SearchOptions, out: Output) -> None:
    """Search, write the settings and say what they gain."""
    path = options.settings or data.settings
    budget = Budget(options.trials, options.seconds, options.seed)
    try:
        with out.steps() as step:
            history = load_history(data, step, out.say)
            earlier, folds = data.validation(history)
            task = Task(
                earlier,
                folds,
                options.columns,
                data.test_begins_ms(history),
                FitSettings(seed=options.seed, jobs=options.jobs, weights_by=options.weights_by),
            )
            result = search(task, budget, step)
    except SOURCE_ERRORS as error:
        raise click.ClickException(str(error)) from None
    found = Found(
        command=command_line(context, _NOT_PART_OF_THE_RECIPE),
        objective=OBJECTIVE,
        value=round(result.value, 6),
        folds=tuple(fold.name for fold in folds),
        features=options.columns,
        feature_set=FEATURE_SET_VERSION,
        trials=result.trials,
        seconds=round(result.seconds, 1),
        seed=options.seed,
    )
    write_chosen(path, result.settings, found)
    if options.json_path:
        told = {"path": str(path), **msgspec.to_builtins({"settings": result.settings})}
        out.json(options.json_path, {**told, "found": msgspec.to_builtins(found)})
    if options.json_path != "-":
        _show(result, found, path, out)


def _show(result: SearchResult, found: Found, path: Path, out: Output) -> None:
    """Print the settings, what they reach and what was spent."""
    settings = msgspec.to_builtins(result.settings)
    out.table(
        ("setting", "value"),
        [(name, value) for name, value in settings.items()],
        title=(
            f"{found.objective} {result.value:.4f} on the validation folds "
            f"{', '.join(found.folds)}; {result.default_value:.4f} with the defaults"
        ),
    )
    out.say(
        f"{path}: written. Spent {result.trials} trials and {result.seconds:.0f} s, seed "
        f"{found.seed}."
    )
