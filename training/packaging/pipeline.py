"""From a history to a bundle on disk: split, fit, thresholds, export, gate, metrics, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from features.catalogue import FEATURE_SET_VERSION
from features.money.rates import Rates
from features.money.reading import encode_rates
from features.money.shipped import SHIPPED
from scoring.bundle.manifest import (
    CARD_FILE,
    FORMAT_VERSION,
    RATES_FILE,
    Exporter,
    Manifest,
    Reproduction,
    TrainingData,
)
from scoring.bundle.manifest_sense import golden_levels
from scoring.loader import load_bundle, verify_golden
from training.converters.convert import PACKAGES as CONVERTERS
from training.converters.convert import check_convertible
from training.data.history import History
from training.data.prepare import Prepared, prepare
from training.data.split import DAY_MS
from training.ensemble.fit import FittedEnsemble, fit
from training.ensemble.learn import keep_strongest, learn
from training.fit_settings import FitSettings
from training.metrics.against import judge_against_best
from training.packaging.bundle_writer import next_version, refuse_existing, write_bundle
from training.packaging.contributions import mean_contributions
from training.packaging.describe import calibration, combination, input_features, judge, members
from training.packaging.package import Package, package
from training.report import Measured, model_card
from training.thresholds.solve import Goals, solve_thresholds

LIBRARIES = (
    "numpy",
    "sklearn",
    "xgboost",
    "lightgbm",
    "imblearn",
    "onnx",
    "onnxruntime",
    "matplotlib",
    "tzdata",
)
"""Modules; their packages are named in the manifest, since XGBoost comes in several."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """Settings of one training of a bundle; ``fit`` holds those of its models.

    ``label_delay_ms`` is how long after a payment its label arrives; it is the width of the gap
    in the split. With ``refit`` the models are fitted once more on everything labelled, after
    thresholds, weights and metrics were taken from the split. ``exporter`` says who makes the
    models' graphs. ``rates`` converted the amounts of the history.
    """

    fit: FitSettings = field(default_factory=FitSettings)
    label_delay_ms: int = 7 * DAY_MS
    goals: Goals = field(default_factory=Goals)
    refit: bool = True
    exporter: Exporter = "cardwatch"
    rates: Rates = SHIPPED

    def check(self) -> None:
        """Raise TrainingError where the exporter lacks a package, or cannot export a model."""
        if self.exporter != "cardwatch":
            check_convertible(self.fit.models)


@dataclass(frozen=True)
class Origin:
    """Origin of the history: a name, a hash of its values, the command that was given.

    ``settings`` are those of a settings file, None where the command names no file.
    """

    source: str
    sha256: str
    command: str
    settings: dict[str, Any] | None = None


@dataclass(frozen=True)
class Destination:
    """Folder of the bundle: ``root/name/version``; version None is the next one."""

    root: Path
    name: str = "ensemble"
    version: int | None = None

    def resolve(self) -> int:
        """Return the version to write; raises TrainingError where it exists already."""
        number = self.version or next_version(self.root, self.name)
        refuse_existing(self.root / self.name / str(number))
        return number


def train(
    history: History,
    settings: Settings,
    origin: Origin,
    destination: Destination,
    progress: Progress = lambda _: None,
) -> Path:
    """Train a bundle on a history and return its folder; ``progress`` hears of each step.

    Raises TrainingError where the history cannot be used or the export gate fails.
    """
    settings.check()
    number = destination.resolve()
    prepared = prepare(history, settings.label_delay_ms, settings.fit.needs_labels)
    if settings.fit.max_features is not None:
        progress(f"choose {settings.fit.max_features} of {len(prepared.names)} features")
    prepared = keep_strongest(prepared, settings.fit)
    payments, columns = prepared.periods["train"].payments, len(prepared.names)
    names = " and ".join(settings.fit.models)
    progress(f"fit {names} on {payments:,} payments and {columns} features")
    fitted = learn(prepared, settings.fit)
    validation = prepared.part("validation")
    scores = fitted.predict(validation.columns).probability
    thresholds = solve_thresholds(validation, scores, settings.goals, settings.fit.seed)
    progress("judge on the test part")
    test = prepared.part("test")
    metrics, calibrated = judge(fitted, test), calibration(fitted, test)
    measured = _measure(fitted, prepared)
    against = judge_against_best(
        test, measured.scores, measured.models, settings.fit.weights_by, settings.fit.seed
    )
    if settings.refit:
        progress(f"fit again on every {'labelled ' if prepared.labelled else ''}payment")
        fitted = _refit(prepared, fitted, settings.fit)
    progress("export and compare with the fitted models")
    packed = package(
        fitted, prepared.names, thresholds, test.columns, settings.fit.seed, settings.exporter
    )
    for line in packed.converters:
        progress(line)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        name=destination.name,
        version=number,
        feature_set=FEATURE_SET_VERSION,
        features=input_features(prepared, fitted),
        members=members(fitted, settings.fit),
        combination=combination(fitted),
        calibration=calibrated,
        thresholds=thresholds,
        training=_training_data(prepared, settings, origin),
        reproduction=Reproduction(
            command=origin.command, seed=settings.fit.seed, settings=origin.settings
        ),
        libraries=_versions(settings.exporter),
        metrics=metrics,
        parity=packed.parity,
        files={},
        against_best=against,
        golden_levels=golden_levels(thresholds, packed.golden_scores.probability),
        exporter=settings.exporter,
        reference_currency=settings.rates.reference,
        rates_date=settings.rates.date,
    )
    progress("write the bundle and its card")
    moved = mean_contributions(packed, manifest, test.columns, settings.fit.seed)
    card = model_card(manifest, measured, moved).encode()
    files = packed.graphs | {CARD_FILE: card, RATES_FILE: encode_rates(settings.rates)}
    return _write(destination.root, manifest, packed, files)


def _refit(prepared: Prepared, fitted: FittedEnsemble, settings: FitSettings) -> FittedEnsemble:
    """Fit on every labelled payment; combination and calibration stay as validation chose them."""
    again = fit(prepared.whole.columns, prepared.whole.targets, settings)
    return replace(again, combination=fitted.combination, calibration=fitted.calibration)


def _versions(exporter: Exporter) -> dict[str, str]:
    """Return the version of each library's package, the converters' where they were asked for."""
    packages = packages_distributions()
    modules = LIBRARIES if exporter == "cardwatch" else (*LIBRARIES, *CONVERTERS)
    return {packages[name][0]: version(packages[name][0]) for name in modules}


def _training_data(prepared: Prepared, settings: Settings, origin: Origin) -> TrainingData:
    """Describe the history and its parts."""
    return TrainingData(
        source=origin.source,
        sha256=origin.sha256,
        label_delay_ms=settings.label_delay_ms,
        refit=settings.refit,
        labelled=prepared.labelled,
        **prepared.periods,
    )


def _measure(fitted: FittedEnsemble, prepared: Prepared) -> Measured:
    """Return the test part as the models saw it, for the card."""
    rows, part = prepared.split.test, prepared.part("test")
    scores = fitted.predict(part.columns)
    segments = tuple(one[rows] for one in prepared.segments)
    return Measured(part.targets, scores.probability, scores.models, segments)


def _write(root: Path, manifest: Manifest, packed: Package, files: dict[str, bytes]) -> Path:
    """Write the bundle, then load it as the job will and score its golden rows."""
    folder = write_bundle(
        root, manifest, files, packed.covers, packed.golden_inputs, packed.golden_scores
    )
    verify_golden(load_bundle(folder))
    return folder
