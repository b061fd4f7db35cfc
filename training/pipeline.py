"""From a history to a bundle on disk: split, fit, thresholds, export, gate, metrics, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from features.definition import FEATURE_SET_VERSION
from training.bundle_writer import next_version, refuse_existing, write_bundle
from training.describe import calibration, input_features, judge, members
from training.fit import FitSettings, FittedEnsemble, combine, fit
from training.history import History
from training.package import Package, package
from training.prepare import Prepared, prepare
from training.split import DAY_MS
from training.thresholds import DEFAULT_HIGH, DEFAULT_MEDIUM, Goal, solve_thresholds
from udfs.bundle import load_bundle, verify_golden
from udfs.manifest import FORMAT_VERSION, Manifest, Reproduction, TrainingData

LIBRARIES = ("numpy", "scikit-learn", "xgboost-cpu", "imbalanced-learn", "onnx", "onnxruntime")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """How a bundle is trained; ``fit`` says how its models are fitted.

    ``label_delay_ms`` is how long after a payment its label arrives; it is the width of the gap
    in the split. With ``refit`` the models are fitted once more on everything labelled, after
    thresholds, weights and metrics were taken from the split.
    """

    fit: FitSettings = field(default_factory=FitSettings)
    label_delay_ms: int = 7 * DAY_MS
    medium: Goal = DEFAULT_MEDIUM
    high: Goal = DEFAULT_HIGH
    refit: bool = True


@dataclass(frozen=True)
class Origin:
    """Where the history came from: a name, a hash of its values, the command that was given."""

    source: str
    sha256: str
    command: str


@dataclass(frozen=True)
class Destination:
    """Where the bundle goes: ``root/name/version``; version None is the next one."""

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
    number = destination.resolve()
    prepared = prepare(history, settings.label_delay_ms)
    payments, columns = prepared.periods["train"].payments, len(prepared.names)
    progress(f"fit forest and XGBoost on {payments:,} payments and {columns} features")
    fitted = _fit(prepared, settings.fit)
    validation = prepared.part("validation")
    scores = fitted.predict(validation.columns).probability
    thresholds = solve_thresholds(validation.targets, scores, settings.medium, settings.high)
    progress("judge on the test part")
    metrics = judge(fitted, prepared.part("test"))
    if settings.refit:
        progress("fit again on every labelled payment")
        fitted = _refit(prepared, fitted, settings.fit)
    progress("export and compare with the fitted models")
    packed = package(fitted, thresholds, prepared.part("test").columns, settings.fit.seed)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        name=destination.name,
        version=number,
        feature_set=FEATURE_SET_VERSION,
        features=input_features(prepared, fitted),
        members=members(fitted, settings.fit),
        calibration=calibration(fitted),
        thresholds=thresholds,
        training=_training_data(prepared, settings, origin),
        reproduction=Reproduction(command=origin.command, seed=settings.fit.seed),
        libraries={name: version(name) for name in LIBRARIES},
        metrics=metrics,
        parity=packed.parity,
        files={},
    )
    return _write(destination.root, manifest, packed)


def _fit(prepared: Prepared, settings: FitSettings) -> FittedEnsemble:
    """Fit on the training part, combine on validation."""
    train_part, validation = prepared.part("train"), prepared.part("validation")
    fitted = fit(train_part.columns, train_part.targets, settings)
    return combine(fitted, validation.columns, validation.targets, settings)


def _refit(prepared: Prepared, fitted: FittedEnsemble, settings: FitSettings) -> FittedEnsemble:
    """Fit on every labelled payment; weights and calibration stay as validation chose them."""
    again = fit(prepared.whole.columns, prepared.whole.targets, settings)
    return replace(again, forest_weight=fitted.forest_weight, scaling=fitted.scaling)


def _training_data(prepared: Prepared, settings: Settings, origin: Origin) -> TrainingData:
    """Describe the history and its parts."""
    return TrainingData(
        source=origin.source,
        sha256=origin.sha256,
        label_delay_ms=settings.label_delay_ms,
        refit=settings.refit,
        **prepared.periods,
    )


def _write(root: Path, manifest: Manifest, packed: Package) -> Path:
    """Write the bundle, then load it as the job will and score its golden rows."""
    folder = write_bundle(
        root, manifest, packed.graphs, packed.covers, packed.golden_inputs, packed.golden_scores
    )
    verify_golden(load_bundle(folder))
    return folder
