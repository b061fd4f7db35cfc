"""The mean contributions of a bundle's card are those of the graph that it holds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.bundle.manifest import CARD_FILE, Manifest
from scoring.loader import load_bundle, read_manifest
from tests.unit.training.samples import (
    ORIGIN,
    SMALL,
    narrow_history,
    random_history,
    random_registry,
    rows_of,
)
from training.arrays import Floats
from training.ensemble.fit import combine, fit
from training.packaging import contributions
from training.packaging.contributions import mean_contributions
from training.packaging.package import package
from training.packaging.pipeline import Destination, Settings, train


def manifest() -> Manifest:
    return read_manifest(random_registry() / "ensemble" / "1")


def test_they_are_the_mean_of_what_explains_single_payments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history, told = narrow_history(), manifest()
    fitted = combine(fit(history.features, history.targets, SMALL), rows_of(history), SMALL)
    packed = package(fitted, history.names, told.thresholds, history.features, seed=1)
    rows = history.features[:40]

    def mean(some: Floats, seed: int = 1) -> Floats:
        found = mean_contributions(packed, told, some, seed)
        assert found is not None
        return found

    every = mean(rows)
    assert every.shape == (rows.shape[1],) and (every >= 0).all()
    # Columns 0, 8, 9 and 10 hold the signal.
    assert set(np.argsort(-every)[:3]) <= {0, 8, 9, 10}
    assert np.allclose(every, (mean(rows[:20]) + mean(rows[20:])) / 2, atol=1e-6)
    monkeypatch.setattr(contributions, "SAMPLE_ROWS", 10)
    assert np.array_equal(mean(rows), mean(rows))
    assert not np.array_equal(mean(rows), mean(rows, seed=2))


def test_a_trained_bundle_shows_them_on_its_card() -> None:
    assert "mean |SHAP|" in (random_registry() / "ensemble" / "1" / CARD_FILE).read_text()


def test_a_model_without_trees_has_none(tmp_path: Path) -> None:
    settings = Settings(replace(SMALL, models=("logistic",)))
    folder = train(random_history(), settings, ORIGIN, Destination(tmp_path))
    assert "SHAP" not in (folder / CARD_FILE).read_text()
    assert [member.name for member in load_bundle(folder).manifest.members] == ["logistic"]
