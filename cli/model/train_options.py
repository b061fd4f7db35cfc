"""The options of `train`, as one typed object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import click

from cli.console import Output
from cli.model.fit_options import FIT_OPTIONS, fit_settings
from cli.model.train_history import FileSource, GeneratedSource, WorldSource
from cli.options import gathered, in_group, json_option, output_options
from cli.stream.mapping_options import (
    PaymentsPath,
    ReadingOptions,
    reading_options,
    skip_bad_rows_option,
)
from cli.stream.produce_options import Duration, Moment
from cli.stream.world_options import (
    WORLD,
    WorldOptions,
    attacks_option,
    first_day_option,
    fraud_share_option,
    merchants_option,
    payments_option,
    users_option,
)
from features.money.rates import Rates, RatesError
from features.money.reading import read_rates
from features.money.shipped import SHIPPED
from producer.handbook.population import GeneratorSettings
from producer.world.settings import WorldSettings
from scoring.bundle.manifest import Costs, Exporter
from stack.installation import RUN_FOLDER
from training.ensemble.settings_file import settings_of, settings_table, settings_text
from training.errors import TrainingError
from training.fit_settings import FitSettings
from training.packaging.pipeline import Destination, Settings
from training.thresholds.solve import DEFAULT_HIGH, DEFAULT_MEDIUM, Goals, parse_goal

REGISTRY = Path(__file__).resolve().parents[2] / "onnx_models"
LOCAL_MLFLOW = RUN_FOLDER / "mlflow"
DAYS = WorldSettings().days


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
    seed: int | None
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
    models: str | None
    settings_file: Path | None
    write_settings: Path | None
    jobs: int
    exporter: Exporter
    rates_file: Path | None
    reference_currency: str | None
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
                    seed=self._world_seed,
                )
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    def _world(self) -> WorldSource:
        given = {name: getattr(self, name) for name in WorldOptions.__dataclass_fields__}
        return WorldSource(WorldOptions(**given | {"seed": self._world_seed}).settings())

    @property
    def _world_seed(self) -> int:
        """The seed of generated payments; a settings file holds that of the models only."""
        return FitSettings().seed if self.seed is None else self.seed

    def settings(self) -> Settings:
        """Return how the bundle is trained; UsageError for a goal that is none."""
        try:
            goals = Goals(parse_goal(self.medium), parse_goal(self.high), self._costs())
        except TrainingError as error:
            raise click.UsageError(str(error)) from None
        fit = fit_settings(self.settings_file, self.models, self.seed, self.jobs)
        return Settings(fit, self.label_delay, goals, self.refit, self.exporter, self.rates())

    def rates(self) -> Rates:
        """Return the rates that amounts are converted by; UsageError for a file without them."""
        try:
            table = SHIPPED if self.rates_file is None else read_rates(self.rates_file)
            return table.based_on(self.reference_currency or table.reference)
        except RatesError as error:
            raise click.UsageError(str(error)) from None

    def file_content(self, settings: FitSettings) -> dict[str, Any] | None:
        """Return the settings that a file gave, as the bundle keeps them; None without a file."""
        return None if self.settings_file is None else settings_of(settings)

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


def write_settings(options: TrainOptions, out: Output) -> None:
    """Write the settings of a call to its file, and explain every key on the screen."""
    path, text = options.write_settings, settings_text(options.settings().fit)
    assert path is not None
    if path == Path("-"):
        click.echo(text, nl=False)
        return
    try:
        path.write_bytes(text)
    except OSError as error:
        raise click.ClickException(
            f"{path} cannot be written ({error.strerror}): give another FILE, or - for standard "
            "output."
        ) from error
    if not out.quiet:
        rows = [(one.key, one.values, one.description) for one in settings_table()]
        out.table(("setting", "values", "meaning"), rows)
    out.say(f"{path}: written. Change what you need and run `./cardwatch train --settings {path}`.")


def _bundle_name(_: click.Context, __: click.Parameter, value: str) -> str:
    """Accept a name that is one folder."""
    if not value.replace("-", "").replace("_", "").isalnum():
        raise click.BadParameter(f"expected letters, digits, - and _, got {value!r}")
    return value


_COUNT = click.IntRange(min=1)
_MONEY = click.FloatRange(min=0)
_SHARE = click.FloatRange(min=0, max=1, min_open=True)
_DATA = in_group("Data")
_LEVELS = in_group("Alert levels")
_BUNDLE = in_group("Bundle")
_HANDBOOK = in_group("Handbook simulation (with --generate)")
_OPTIONS = (
    _DATA(
        "--data",
        type=PaymentsPath(),
        help="File of labelled payments, in order of time, as CSV, JSON lines or Parquet; - reads "
        "standard input. Without a file the history is a generated world.",
    ),
    _DATA("--until", type=Moment(), help="Time before which payments are learnt from."),
    _DATA("--label-delay", type=Duration(), default="7d", help="Time from a payment to its label."),
    _DATA(
        "--only-known-labels",
        is_flag=True,
        help="Treat labels that had not arrived at the end of the history as unknown.",
    ),
    _DATA(
        "--rates",
        "rates_file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="File of exchange rates that convert the amounts, such as eurofxref-daily.xml of the "
        f"European Central Bank. Default: the shipped rates of {SHIPPED.date}.",
    ),
    _DATA(
        "--reference-currency",
        metavar="CODE",
        help="Currency that all amounts are converted into. Default: the reference currency of the "
        "rates, EUR for the shipped ones.",
    ),
    *FIT_OPTIONS,
    _LEVELS(
        "--medium",
        default=DEFAULT_MEDIUM.text,
        metavar="GOAL",
        help="Goal of the level MEDIUM, in one of the forms below.",
    ),
    _LEVELS(
        "--high",
        default=DEFAULT_HIGH.text,
        metavar="GOAL",
        help="Goal of the level HIGH, in one of the forms below.",
    ),
    _LEVELS(
        "--review-cost", type=_MONEY, default=0.0, help="Cost of the review of one MEDIUM alert."
    ),
    _LEVELS(
        "--block-cost", type=_MONEY, default=0.0, help="Cost of one good payment blocked at HIGH."
    ),
    _LEVELS(
        "--missed-share",
        type=_SHARE,
        default=1.0,
        help="Share of a missed fraud's amount that is lost.",
    ),
    _BUNDLE("--name", default="ensemble", callback=_bundle_name, help="Name of the bundle."),
    _BUNDLE(
        "--version", type=_COUNT, help="Version of the bundle. Default: one more than the latest."
    ),
    _BUNDLE(
        "--out",
        "out_folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=REGISTRY,
        show_default="onnx_models",
        help="Folder of the model registry.",
    ),
    _BUNDLE(
        "--refit/--no-refit",
        default=True,
        help="Fit the final models on all labelled payments, after the figures are taken.",
    ),
    _BUNDLE(
        "--exporter",
        type=click.Choice(get_args(Exporter)),
        default=Settings().exporter,
        help="Exporter of the models' ONNX graphs; onnxmltools means the packages skl2onnx and "
        "onnxmltools.",
    ),
    _BUNDLE(
        "--mlflow",
        is_flag=False,
        flag_value="local",
        metavar="[PLACE]",
        help="MLflow store that records the bundle: a server's URL or a folder. Without PLACE it "
        "is .cardwatch/mlflow.",
    ),
    users_option,
    merchants_option,
    payments_option,
    fraud_share_option,
    in_group(WORLD)("--days", type=_COUNT, default=DAYS, help="Number of days to simulate."),
    first_day_option,
    attacks_option,
    _HANDBOOK(
        "--generate",
        is_flag=True,
        help="Learn from the simulation of the Fraud Detection Handbook instead of a world.",
    ),
    _HANDBOOK(
        "--customers",
        type=_COUNT,
        default=GeneratorSettings().customers,
        help="Number of cards in the simulation.",
    ),
    _HANDBOOK(
        "--terminals",
        type=_COUNT,
        default=GeneratorSettings().terminals,
        help="Number of merchants in the simulation.",
    ),
    _HANDBOOK(
        "--radius",
        default=GeneratorSettings().radius,
        help="Maximum distance from a card to its merchants, on a map of 100 by 100.",
    ),
    reading_options,
    skip_bad_rows_option,
    json_option,
    output_options,
)


train_options = gathered(TrainOptions, "options", *_OPTIONS)
"""Adds the options; the command gets them as one `options: TrainOptions`, and `out`."""
