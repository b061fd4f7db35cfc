"""The mean contributions of a bundle's card are those of the graph that it holds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.samples import (
    ORIGIN,
    SMALL,
    narrow_history,
    random_history,
    random_registry,
)
from training import contributions
from training.contributions import mean_contributions
from training.fit import combine, fit
from training.package import package
from training.pipeline import Destination, Settings, train
from udfs.bundle import load_bundle, read_manifest
from udfs.manifest import CARD_FILE, Manifest


def manifest() -> Manifest:
    return read_manifest(random_registry() / "ensemble" / "1")


def test_they_are_the_mean_of_what_explains_single_payments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history, told = narrow_history(), manifest()
    fitted = combine(
        fit(history.features, history.targets, SMALL), history.features, history.targets, SMALL
    )
    packed = package(fitted, told.thresholds, history.features, seed=1)
    rows = history.features[:40]
    every = mean_contributions(packed, told, rows, seed=1)
    assert every is not None and every.shape == (rows.shape[1],) and (every >= 0).all()
    # Columns 0, 8, 9 and 10 hold the signal.
    assert set(np.argsort(-every)[:3]) <= {0, 8, 9, 10}
    halves = [mean_contributions(packed, told, half, seed=1) for half in (rows[:20], rows[20:])]
    assert np.allclose(every, np.mean(halves, axis=0), atol=1e-6)
    monkeypatch.setattr(contributions, "SAMPLE_ROWS", 10)
    drawn = [mean_contributions(packed, told, rows, seed) for seed in (1, 1, 2)]
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])


def test_a_trained_bundle_shows_them_on_its_card() -> None:
    assert "mean |SHAP|" in (random_registry() / "ensemble" / "1" / CARD_FILE).read_text()


def test_a_model_without_trees_has_none(tmp_path: Path) -> None:
    settings = Settings(replace(SMALL, models=("logistic",)))
    folder = train(random_history(), settings, ORIGIN, Destination(tmp_path))
    assert "SHAP" not in (folder / CARD_FILE).read_text()
    assert [member.name for member in load_bundle(folder).manifest.members] == ["logistic"]
