"""Smaller models pass the same gate, and studies report what each saves."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.bundle.manifest import Thresholds
from tests.unit.training.samples import EVERY, SMALL, narrow_history, random_fit
from training.data.prepare import prepare
from training.data.split import DAY_MS
from training.ensemble.fit import FittedEnsemble, fit
from training.ensemble.shrink import collapse_leaves, fewer_trees, leaf_count, strongest
from training.evaluation.studies import Parts, balance_study, models_study, size_study
from training.fit_settings import FitSettings
from training.packaging.gate import check_parity, gate_cases
from training.packaging.package import open_scorer

LEVELS = {"MEDIUM": 0.1, "HIGH": 0.01}
THRESHOLDS = Thresholds(medium=0.2, high=0.6, method="-", alert_share=LEVELS, precision=LEVELS)


def passes_the_gate(fitted: FittedEnsemble) -> None:
    cases = gate_cases(narrow_history().features, fitted.members(), seed=1)
    check_parity(fitted.predict, fitted.finish, open_scorer(fitted), cases, THRESHOLDS)


def test_the_strongest_columns_hold_the_signal_and_keep_their_order() -> None:
    chosen = strongest(random_fit(), 6)
    assert set(chosen) >= {0, 10}
    assert (np.diff(chosen) > 0).all()


def test_fewer_trees_are_the_first_ones() -> None:
    half = fewer_trees(random_fit(), 0.5)
    assert [model.tree_count for model in half.models] == [6, 8]
    short = fit(
        narrow_history().features,
        narrow_history().targets,
        replace(SMALL, forest_trees=6, boosted_trees=8),
    )
    columns = narrow_history().features
    expected, got = short.predict(columns), half.predict(columns)
    np.testing.assert_allclose(got.probability, expected.probability, atol=1e-6)
    passes_the_gate(half)


def test_merged_leaves_pass_the_gate_and_change_no_score_by_much() -> None:
    whole = random_fit()
    merged = collapse_leaves(whole, 0.05)
    assert leaf_count(merged) < leaf_count(whole)
    columns = narrow_history().features
    before, after = (each.predict(columns).models["random_forest"] for each in (whole, merged))
    assert 0 < np.abs(before - after).max() < 0.1
    passes_the_gate(merged)


def test_merging_leaves_the_larger_model_as_it_was() -> None:
    columns = narrow_history().features
    before = random_fit().predict(columns).probability
    collapse_leaves(random_fit(), 1.0)
    assert random_fit().predict(columns).probability.tobytes() == before.tobytes()


def test_cost_complexity_pruning_leaves_fewer_leaves() -> None:
    history = narrow_history()
    pruned = fit(history.features, history.targets, replace(SMALL, prune=1e-3))
    assert leaf_count(pruned) < leaf_count(random_fit())
    passes_the_gate(pruned)


def parts() -> Parts:
    prepared = prepare(narrow_history(), label_delay_ms=2 * DAY_MS)
    return Parts(*(prepared.part(name) for name in ("train", "validation", "test")))


QUICK = replace(SMALL, forest_trees=6, boosted_trees=6)


def test_the_study_of_models_has_a_row_for_each_and_for_each_combination() -> None:
    rows = models_study(parts(), replace(EVERY, forest_trees=6))
    labels = [row.label for row in rows]
    assert labels == [*EVERY.models, "all, weighted", "all, stacking", "all, rank"]
    assert all(row.microseconds > 0 and row.fit_seconds > 0 for row in rows)
    assert rows[-1].trees == sum(row.trees for row in rows[:5])


def test_the_study_of_balance_has_a_row_for_each_way() -> None:
    rows = balance_study(parts(), QUICK)
    assert [row.label for row in rows] == ["none", "weights", "smote", "undersample"]
    assert len({row.metrics["average_precision"] for row in rows}) == 4


def test_the_study_of_sizes_falls_in_features_trees_and_leaves() -> None:
    rows = size_study(parts(), FitSettings(**{**QUICK.__dict__, "calibration": "none"}))
    assert [row.features for row in rows] == [15] * 5 + [8] * 5 + [4] * 5
    assert [row.trees for row in rows[:3]] == [12, 6, 4]
    assert rows[0].leaves > rows[1].leaves > rows[2].leaves
    assert rows[0].leaves >= rows[3].leaves >= rows[4].leaves


def test_a_study_hears_of_its_steps() -> None:
    heard: list[str] = []
    models_study(parts(), replace(QUICK, models=("random_forest",)), heard.append)
    assert heard == ["fit random_forest"]


@pytest.mark.parametrize("count", [16, 99])
def test_asking_for_more_columns_than_there_are_keeps_them_all(count: int) -> None:
    np.testing.assert_array_equal(strongest(random_fit(), count), np.arange(16))
