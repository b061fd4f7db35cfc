"""`cardwatch evaluate`: judge models by a protocol, beside what others published."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click

from cli.console import Output, as_sentence
from cli.model.evaluate_options import (
    bundled,
    file_options,
    handbook_options,
    sparkov_options,
    study_options,
)
from cli.model.evaluate_show import JudgeOptions, show, to_json, write_page
from cli.model.evaluate_study import run_study
from cli.model.evaluate_world import world_command
from cli.model.evaluation_data import (
    REPORTS,
    SOURCE_ERRORS,
    DataSet,
    Step,
    TimeSplit,
    data_path,
    handbook,
    load_history,
    own_file,
    sparkov,
)
from cli.model.train_history import FileSource
from cli.options import OUTPUT, GroupedGroup, in_group
from cli.recording import Recorder, record_option
from cli.stream.mapping_options import ReadingOptions
from training.data.history import History
from training.evaluation.candidates import Candidate, baseline, ensemble, longer
from training.evaluation.chosen import Chosen, read_chosen
from training.evaluation.protocol import TRAIN_DAYS
from training.evaluation.published import HANDBOOK
from training.evaluation.run import Question, evaluate
from training.fit_settings import FitSettings, WeightsBy
from training.metrics.bootstrap import RESAMPLES
from training.metrics.results import PublishedRow

EXAMPLE = """\b
Examples:
  ./cardwatch evaluate handbook --json handbook.json
  ./cardwatch evaluate handbook --train-days 35
  ./cardwatch evaluate handbook --study size
  ./cardwatch evaluate sparkov
  ./cardwatch evaluate world --payments 200000
  ./cardwatch evaluate file own.parquet --map card_id=card --map timestamp=at \\
      --map amount=sum --map merchant_id=shop --map is_fraud=bad --constant currency=EUR

The settings of the models come from `tune`, which never sees the days that are judged here.
Features are kept in .cardwatch/cache, so a second evaluation of a file begins at once.
A study (--study) divides the time before the judged days: 60 %, a label delay, 20 % and 20 %.
docs/evaluation.md describes the protocols and the figures."""

_judge_options = bundled(
    JudgeOptions,
    in_group("Intervals")(
        "--resamples",
        type=click.IntRange(20),
        default=RESAMPLES,
        help="Number of resamples for the intervals.",
    ),
    in_group("Intervals")("--seed", default=7, help="Seed of the resamples."),
    in_group("Models")(
        "--weights-by",
        type=click.Choice(get_args(WeightsBy)),
        show_envvar=False,
        show_default="the weights of the settings, by average_precision where there are none",
        help="Figure by which the weights of the models are chosen anew, on the last fifth of the "
        "payments that are learnt from.",
    ),
    study_options,
    record_option,
    in_group(OUTPUT)(
        "--html",
        "html_path",
        type=click.Path(dir_okay=False, path_type=Path),
        show_envvar=False,
        show_default=".cardwatch/reports/evaluate-NAME.html",
        help="HTML file for the page with the plots.",
    ),
)


@click.group("evaluate", cls=GroupedGroup, epilog=EXAMPLE)
def command() -> None:
    """Judge the models on days that they have not learnt from.

    A published protocol for each data set makes figures comparable. Prints the figures with 95 %
    intervals, beside published ones where there are any, and writes an HTML page with plots.
    """


command.add_command(world_command)


@command.command("handbook")
@handbook_options
@in_group("Protocol")(
    "--train-days",
    type=click.IntRange(TRAIN_DAYS + 1),
    multiple=True,
    help="Number of days of a longer history to judge as well, such as 35; the protocol has 7. "
    "Repeatable.",
)
@_judge_options
def handbook_command(
    data: Path, train_days: tuple[int, ...], options: JudgeOptions, record: Recorder, out: Output
) -> None:
    """Judge the models by the Fraud Detection Handbook's protocol: four folds of a week each."""
    _run(
        handbook(data_path(data)), options, record, out, longer_days=train_days, published=HANDBOOK
    )


@command.command("sparkov")
@sparkov_options
@_judge_options
def sparkov_command(
    data: Path,
    label_delay: int,
    test_share: float,
    parts: int,
    options: JudgeOptions,
    record: Recorder,
    out: Output,
) -> None:
    """Judge the models on the last 20 % of the time of Sparkov's data."""
    split = TimeSplit(label_delay, test_share, parts)
    _run(sparkov(data_path(data), split), options, record, out)


@command.command("file")
@file_options
@_judge_options
def file_command(
    data: Path,
    reading: ReadingOptions,
    skip_bad_rows: bool,
    label_delay: int,
    test_share: float,
    parts: int,
    options: JudgeOptions,
    record: Recorder,
    out: Output,
) -> None:
    """Judge the models on the last part of your own file.

    PATH holds labelled payments as CSV, JSON lines or Parquet; - reads standard input.
    """
    split = TimeSplit(label_delay, test_share, parts)
    _run(own_file(FileSource(data, reading, skip_bad_rows), split), options, record, out)


def _run(
    data: DataSet,
    options: JudgeOptions,
    record: Recorder,
    out: Output,
    longer_days: tuple[int, ...] = (),
    published: tuple[PublishedRow, ...] = (),
) -> None:
    """Evaluate, print, and write JSON and page; or study."""
    if options.study:
        if options.html_path or longer_days:
            raise click.UsageError("A study has a table alone: leave out --html and --train-days.")
        run_study(data, options.study, options, record, out)
        return
    started = time.perf_counter()
    question = Question(
        title=f"{data.source}: models on days that they have not learnt from",
        protocol=data.protocol,
        published=published,
        seed=options.seed,
        resamples=options.resamples,
        weights_by=options.weights_by or FitSettings().weights_by,
    )
    with as_sentence(*SOURCE_ERRORS), out.steps() as step:
        chosen = read_chosen(options.settings or data.settings)
        history = load_history(data, step, out.say)
        candidates = _candidates(history, data, chosen, options, longer_days, step)
        evaluation = evaluate(history, candidates, question, step)
    seconds = time.perf_counter() - started
    told = to_json(evaluation, chosen, options, seconds)
    page = options.html_path or REPORTS / f"evaluate-{data.name}.html"
    write_page(evaluation, page)
    out.result(options.json_path, told, lambda: show(evaluation, chosen, out))
    out.say(f"{page}: the same with plots. {seconds:.0f} s in all.")
    record(f"evaluate {data.name}", told, out)


def _candidates(
    history: History,
    data: DataSet,
    chosen: Chosen,
    options: JudgeOptions,
    longer_days: Sequence[int],
    step: Step,
) -> list[Candidate]:
    """Return what is compared: the baseline, the ensemble, and it with longer histories."""
    settings = replace(chosen.settings, jobs=options.jobs)
    if options.weights_by is not None:
        settings = replace(settings, weights=None, weights_by=options.weights_by)
    folds = data.test_folds(history)
    return [
        baseline(history, folds, options.jobs),
        ensemble(history, folds, settings, options.columns, step),
        *(
            longer(history, data.test_folds(history, days), settings, options.columns, days)
            for days in longer_days
        ),
    ]
