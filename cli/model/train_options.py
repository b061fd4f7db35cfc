"""The options of `train`, as one typed object."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.model.fit_options import FIT_OPTIONS
from cli.model.train_history import FileSource, GeneratedSource, WorldSource
from cli.options import json_option, option, output_options
from cli.stream.mapping_options import (
    PaymentsPath,
    ReadingOptions,
    reading_options,
    skip_bad_rows_option,
)
from cli.stream.produce_options import Duration, Moment
from cli.stream.world_options import (
    WorldOptions,
    attacks_option,
    first_day_option,
    fraud_share_option,
    merchants_option,
    payments_option,
    users_option,
)
from producer.handbook.population import GeneratorSettings
from producer.world.settings import WorldSettings
from scoring.bundle.manifest import Costs
from stack.installation import RUN_FOLDER
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
from training.packaging.pipeline import Destination, Settings
from training.thresholds.solve import DEFAULT_HIGH, DEFAULT_MEDIUM, Goals, parse_goal

Function = TypeVar("Function", bound=Callable[..., Any])

REGISTRY = Path(__file__).resolve().parents[2] / "onnx_models"
LOCAL_MLFLOW = RUN_FOLDER / "mlflow"
DAYS = WorldSettings().days
_FIT = FitSettings()


@dataclass(frozen=True)
class TrainOptions:
    """The options of one call, as they were given."""

    data: Path | None
    reading: ReadingOptions
    skip_bad_rows: bool
    until: datetime | None
    users: int
    merchants: int
    payments: int
    fraud_share: float
    first_day: datetime
    attacks: str
    generate: bool
    customers: int
    terminals: int
    radius: float
    days: int
    seed: int
    name: str
    version: int | None
    out_folder: Path
    label_delay: int
    only_known_labels: bool
    refit: bool
    medium: str
    high: str
    review_cost: float
    block_cost: float
    missed_share: float
    models: str
    combine: CombineMethod
    weights_by: WeightsBy
    calibration: CalibrationMethod
    missing: Missing
    balance: Balance
    max_features: int | None
    prune: float
    forest_trees: int
    forest_depth: int
    boosted_trees: int
    boosted_depth: int
    tree_method: TreeMethod
    light_trees: int
    light_leaves: int
    isolation_trees: int
    device: Device
    jobs: int
    mlflow: str | None
    json_path: str | None

    def source(self) -> FileSource | GeneratedSource | WorldSource:
        """Return where payments come from; UsageError where two places are named."""
        if self.data is not None and self.generate:
            raise click.UsageError(
                "Name one source: --data PATH or --generate, or neither for the world."
            )
        if self.generate:
            return self._simulation()
        if self.data is None:
            return self._world()
        return FileSource(self.data, self.reading, self.skip_bad_rows)

    def _simulation(self) -> GeneratedSource:
        try:
            return GeneratedSource(
                GeneratorSettings(
                    customers=self.customers,
                    terminals=self.terminals,
                    radius=self.radius,
                    days=self.days,
                    seed=self.seed,
                )
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    def _world(self) -> WorldSource:
        names = WorldOptions.__dataclass_fields__
        return WorldSource(WorldOptions(**{n: getattr(self, n) for n in names}).settings())

    def settings(self) -> Settings:
        """Return how the bundle is trained; UsageError for a goal that is none."""
        try:
            goals = Goals(parse_goal(self.medium), parse_goal(self.high), self._costs())
        except TrainingError as error:
            raise click.UsageError(str(error)) from None
        fit = FitSettings(
            seed=self.seed,
            jobs=self.jobs,
            forest_trees=self.forest_trees,
            forest_depth=self.forest_depth,
            boosted_trees=self.boosted_trees,
            boosted_depth=self.boosted_depth,
            models=tuple(self.models.split(",")),
            combine=self.combine,
            weights_by=self.weights_by,
            calibration=self.calibration,
            max_features=self.max_features,
            prune=self.prune,
            tree_method=self.tree_method,
            light_trees=self.light_trees,
            light_leaves=self.light_leaves,
            isolation_trees=self.isolation_trees,
            device=self.device,
            missing=self.missing,
            balance=self.balance,
        )
        return Settings(fit, self.label_delay, goals, self.refit)

    def _costs(self) -> Costs:
        """Return what decisions cost."""
        return Costs(review=self.review_cost, block=self.block_cost, missed_share=self.missed_share)

    def mlflow_place(self) -> Path | str | None:
        """Return the folder or URI of MLflow's store, None where none is asked for."""
        if self.mlflow is None or "://" in self.mlflow:
            return self.mlflow
        return LOCAL_MLFLOW if self.mlflow == "local" else Path(self.mlflow)

    def destination(self) -> Destination:
        """Return where the bundle goes."""
        return Destination(self.out_folder, self.name, self.version)


def _bundle_name(_: click.Context, __: click.Parameter, value: str) -> str:
    """Accept a name that is one folder."""
    if not value.replace("-", "").replace("_", "").isalnum():
        raise click.BadParameter(f"expected letters, digits, - and _, got {value!r}")
    return value


_COUNT = click.IntRange(min=1)
_MONEY = click.FloatRange(min=0)
_SHARE = click.FloatRange(min=0, max=1, min_open=True)
_OPTIONS = (
    click.option(
        "--data",
        type=PaymentsPath(),
        help="File of labelled payments, in order of time: CSV, JSON lines, Parquet; - for stdin.",
    ),
    reading_options,
    skip_bad_rows_option,
    option("--until", type=Moment(), help="Learn from payments before this time only."),
    users_option,
    merchants_option,
    payments_option,
    fraud_share_option,
    first_day_option,
    attacks_option,
    option("--generate", is_flag=True, help="Learn from the Handbook's simulation instead."),
    option(
        "--customers",
        type=_COUNT,
        default=GeneratorSettings().customers,
        help="Cards of the simulation.",
    ),
    option(
        "--terminals",
        type=_COUNT,
        default=GeneratorSettings().terminals,
        help="Shops of the simulation.",
    ),
    option(
        "--radius",
        default=GeneratorSettings().radius,
        help="Distance from a card to its shops, on a map of 100 by 100.",
    ),
    option("--days", type=_COUNT, default=DAYS, help="Number of days to simulate."),
    option("--seed", default=_FIT.seed, help="Seed of the simulation and of the models."),
    option("--name", default="ensemble", callback=_bundle_name, help="Name of the bundle."),
    option(
        "--version", type=_COUNT, help="Version of the bundle. Default: one more than the latest."
    ),
    option(
        "--out",
        "out_folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=REGISTRY,
        show_default="onnx_models",
        help="Folder of the registry.",
    ),
    option(
        "--label-delay", type=Duration(), default="7d", help="Time from a payment to its label."
    ),
    option(
        "--only-known-labels",
        is_flag=True,
        help="Take labels that had not arrived when the history ends as unknown.",
    ),
    option("--refit/--no-refit", default=True, help="After judging, fit on everything labelled."),
    option(
        "--medium",
        default=DEFAULT_MEDIUM.text,
        metavar="GOAL",
        help="Goal of the level, see below.",
    ),
    option(
        "--high", default=DEFAULT_HIGH.text, metavar="GOAL", help="Goal of the level, see below."
    ),
    option(
        "--review-cost", type=_MONEY, default=0.0, help="Cost of the review of one MEDIUM alert."
    ),
    option(
        "--block-cost", type=_MONEY, default=0.0, help="Cost of one good payment blocked at HIGH."
    ),
    option(
        "--missed-share",
        type=_SHARE,
        default=1.0,
        help="Share of a missed fraud's amount that is lost.",
    ),
    *FIT_OPTIONS,
    option(
        "--mlflow",
        is_flag=False,
        flag_value="local",
        metavar="[PLACE]",
        help="Record the bundle in MLflow: a server's URL, a folder, or alone for "
        ".cardwatch/mlflow.",
    ),
    json_option,
    output_options,
)


def train_options(function: Function) -> Function:
    """Add the options; the command gets them as one `options: TrainOptions`, and `out`."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        names = TrainOptions.__dataclass_fields__
        given = TrainOptions(**{name: kwargs.pop(name) for name in names})
        return function(*args, options=given, **kwargs)

    decorated: Any = wrapper
    for add in reversed(_OPTIONS):
        decorated = add(decorated)
    return decorated  # type: ignore[no-any-return]  # click's decorators lose the signature
