"""The options that say how models are fitted and combined."""

from __future__ import annotations

from typing import get_args

import click

from cli.options import option
from training.errors import TrainingError
from training.fit_settings import (
    Balance,
    CalibrationMethod,
    CombineMethod,
    Device,
    FitSettings,
    Missing,
    TreeMethod,
    WeightsBy,
)
from training.models.registry import MODELS

_FIT = FitSettings()
_COUNT = click.IntRange(min=1)


def _model_names(_: click.Context, __: click.Parameter, value: str) -> str:
    """Accept different names of models, separated by commas; return them without spaces."""
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
    help="Figure of validation by which the models' weights are chosen; a weight may be 0.",
)

FIT_OPTIONS = (
    option(
        "--models",
        default=",".join(_FIT.models),
        callback=_model_names,
        metavar="NAME,NAME",
        help=f"Names out of {', '.join(MODELS)}; the last needs no labels.",
    ),
    option(
        "--combine",
        type=click.Choice(get_args(CombineMethod)),
        default=_FIT.combine,
        help="Way in which scores become one; auto takes what is best by --weights-by.",
    ),
    weights_by_option,
    option(
        "--missing",
        type=click.Choice(get_args(Missing)),
        default=_FIT.missing,
        help="Meaning of a missing value: a case of its own, or the median.",
    ),
    option(
        "--balance",
        type=click.Choice(get_args(Balance)),
        default=_FIT.balance,
        help="Remedy for rare frauds.",
    ),
    option(
        "--calibration",
        type=click.Choice(get_args(CalibrationMethod)),
        default=_FIT.calibration,
        help="Curve, fitted on validation, that makes scores probabilities.",
    ),
    option(
        "--max-features",
        type=_COUNT,
        help="Number of features to keep, those with the largest gain in a first fit.",
    ),
    option(
        "--prune",
        type=click.FloatRange(min=0),
        default=_FIT.prune,
        metavar="ALPHA",
        help="Cost-complexity pruning of the forest; 1e-5 is mild.",
    ),
    option(
        "--forest-trees",
        type=_COUNT,
        default=_FIT.forest_trees,
        help="Number of the forest's trees.",
    ),
    option(
        "--forest-depth",
        type=_COUNT,
        default=_FIT.forest_depth,
        help="Maximum depth of the forest's trees.",
    ),
    option(
        "--boosted-trees",
        type=_COUNT,
        default=_FIT.boosted_trees,
        help="Number of XGBoost's trees.",
    ),
    option(
        "--boosted-depth",
        type=_COUNT,
        default=_FIT.boosted_depth,
        help="Maximum depth of XGBoost's trees.",
    ),
    option(
        "--tree-method",
        type=click.Choice(get_args(TreeMethod)),
        default=_FIT.tree_method,
        help="Method by which XGBoost finds splits.",
    ),
    option(
        "--light-trees", type=_COUNT, default=_FIT.light_trees, help="Number of LightGBM's trees."
    ),
    option(
        "--light-leaves",
        type=click.IntRange(min=2),
        default=_FIT.light_leaves,
        help="Maximum leaves of a tree of LightGBM.",
    ),
    option(
        "--isolation-trees",
        type=_COUNT,
        default=_FIT.isolation_trees,
        help="Number of the isolation forest's trees.",
    ),
    option(
        "--device",
        type=click.Choice(get_args(Device)),
        default=_FIT.device,
        help="Processor for XGBoost; auto takes a GPU from 100,000 payments. A GPU needs the "
        "package xgboost in place of xgboost-cpu.",
    ),
    option("--jobs", type=_COUNT, default=_FIT.jobs, help="Number of threads for fitting."),
)
