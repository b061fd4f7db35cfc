"""The options that say how models are fitted and combined."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final, get_args

import click

from cli.options import in_group, option, removed
from training.ensemble.settings_file import read_settings
from training.errors import TrainingError
from training.fit_settings import FitSettings, WeightsBy
from training.models.registry import MODELS

_FIT = FitSettings()
IN_THE_FILE: Final = (
    "combine",
    "weights_by",
    "missing",
    "balance",
    "calibration",
    "max_features",
    "prune",
    "forest_trees",
    "forest_depth",
    "boosted_trees",
    "boosted_depth",
    "tree_method",
    "light_trees",
    "light_leaves",
    "isolation_trees",
    "device",
)
"""Settings that were options of `train` once."""


def _model_names(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Accept different names of models, separated by commas; return them without spaces."""
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(","))
    try:
        FitSettings(models=names).check(frozenset(MODELS))
    except TrainingError as error:
        raise click.BadParameter(str(error)) from None
    return ",".join(names)


weights_by_option = option(
    "--weights-by",
    type=click.Choice(get_args(WeightsBy)),
    default=_FIT.weights_by,
    group="Search",
    help="Figure of validation that the weights of the models maximise.",
)

_models = in_group("Models")
FIT_OPTIONS = (
    _models(
        "--models",
        callback=_model_names,
        metavar="NAME,NAME",
        show_default=",".join(_FIT.models),
        help=f"Names of the models, out of {', '.join(MODELS)}. isolation_forest needs no labels.",
    ),
    _models("--seed", type=int, show_default=str(_FIT.seed), help="Seed of models and world."),
    _models(
        "--settings",
        "settings_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True),
        metavar="FILE",
        help="JSON file with rarer settings of the models, such as trees and depth, as tune or "
        "--write-settings writes it; - reads standard input.",
    ),
    _models(
        "--write-settings",
        type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
        metavar="FILE",
        help="File to write the settings of this call to, without training; every setting is "
        "explained on the screen. - means standard output.",
    ),
    _models(
        "--jobs",
        type=click.IntRange(min=1),
        default=_FIT.jobs,
        help="Number of threads for fitting.",
    ),
    *(
        removed(
            f"--{key.replace('_', '-')}",
            f'write `{key}` into a file such as {{"settings": {{"{key}": ...}}}} and name the file '
            "with --settings FILE (--write-settings FILE makes one)",
        )
        for key in IN_THE_FILE
    ),
)


def _from_file(path: Path) -> FitSettings:
    stdin = path == Path("-")
    text = sys.stdin.buffer.read() if stdin else path.read_bytes()
    return read_settings(text, "standard input" if stdin else path.name)[0]


def fit_settings(file: Path | None, models: str | None, seed: int | None, jobs: int) -> FitSettings:
    """Return the settings of one call: an option goes before the file, the file before defaults.

    Raises UsageError for a file that is refused, and for weights that do not fit the models.
    """
    try:
        settings = _from_file(file) if file is not None else FitSettings()
        settings = replace(
            settings,
            jobs=jobs,
            seed=settings.seed if seed is None else seed,
            models=settings.models if models is None else tuple(models.split(",")),
        )
        settings.check(frozenset(MODELS))
    except TrainingError as error:
        raise click.UsageError(str(error)) from None
    return settings
