"""Small histories and bundles that the tests of training and of bundles share."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa

from events.table import table_schema
from features.catalogue import FEATURE_NAMES
from training.arrays import Floats
from training.data.history import History
from training.data.rows import Rows
from training.data.split import DAY_MS
from training.ensemble.fit import FittedEnsemble, fit
from training.fit_settings import FitSettings, Targets
from training.models.registry import MODELS
from training.packaging.pipeline import Destination, Origin, Settings, train

ROWS = 3_000
NARROW = 16
DAYS = 40
ATTRIBUTE = "attributes.V1"
NAMES = (*FEATURE_NAMES, ATTRIBUTE)
CONSTANT = "is_high_risk_category"
SMALL = FitSettings(
    jobs=1,
    forest_trees=12,
    forest_depth=5,
    boosted_trees=15,
    boosted_depth=3,
    light_trees=15,
    light_leaves=7,
    isolation_trees=20,
)
EVERY = replace(SMALL, models=tuple(MODELS))
ORIGIN = Origin("made up", "0" * 64, "./cardwatch train")


@cache
def random_history() -> History:
    """Frauds depend on three columns; a twentieth of all values is missing."""
    random = np.random.default_rng(5)
    features = random.normal(size=(ROWS, len(NAMES))).astype(np.float32)
    signal = features[:, 0] + features[:, 8] * features[:, 9] + features[:, 10]
    targets = (signal + random.normal(size=ROWS) > 3.4).astype(np.int8)
    features[random.random(features.shape) < 0.05] = np.nan
    features[:, NAMES.index(CONSTANT)] = 0.0
    times = np.linspace(0, DAYS * DAY_MS, ROWS).astype(np.int64)
    return History(NAMES, features, targets, times, random.integers(0, 200, ROWS))


@cache
def narrow_history() -> History:
    """The first columns of the random history, which hold all of its signal."""
    history = random_history()
    return replace(history, names=NAMES[:NARROW], features=history.features[:, :NARROW].copy())


@cache
def random_fit() -> FittedEnsemble:
    """Models fitted on the narrow history."""
    history = narrow_history()
    return fit(history.features, history.targets, SMALL)


@cache
def every_fit() -> FittedEnsemble:
    """A model of every kind, fitted on the narrow history."""
    history = narrow_history()
    return fit(history.features, history.targets, EVERY)


@cache
def imputing_fit() -> FittedEnsemble:
    """The same, with medians in place of missing values."""
    history = narrow_history()
    return fit(history.features, history.targets, replace(SMALL, missing="median"))


@cache
def random_registry() -> Path:
    """A registry that holds ensemble/1, trained on the random history; read only."""
    root = Path(mkdtemp(prefix="cardwatch-registry-"))
    train(random_history(), Settings(SMALL), ORIGIN, Destination(root))
    return root


def rows_of(history: History) -> Rows:
    """The payments of a history as models take them."""
    return Rows(history.features, history.targets, history.cards, history.times_ms)


def floats(values: list[Any]) -> Floats:
    """A float32 array of any depth."""
    return np.array(values, dtype=np.float32)


def classes(values: list[int]) -> Targets:
    """Targets 0, 1 or -1."""
    return np.array(values, dtype=np.int8)


def payments_table(
    cards: list[str],
    merchants: list[str],
    times_ms: list[int],
    labels: list[bool | None] | None = None,
    amounts: list[int] | None = None,
) -> pa.Table:
    """Payments in the form of events.table, with ids t0, t1, ..."""
    count = len(cards)
    columns = {
        "transaction_id": [f"t{row}" for row in range(count)],
        "card_id": cards,
        "timestamp_ms": times_ms,
        "amount_minor": amounts or [1_000] * count,
        "currency": ["EUR"] * count,
        "merchant_id": merchants,
        "is_fraud": labels or [False] * count,
    }
    return pa.table({name: pa.array(column) for name, column in columns.items()}).cast(
        pa.schema([table_schema().field(name) for name in columns])
    )
