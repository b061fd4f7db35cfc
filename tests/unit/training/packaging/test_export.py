"""Exported graphs score as the fitted models do, on ordinary and on awkward rows."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

from scoring.loader import max_difference
from scoring.model.scorer import open_session
from tests.unit.training.samples import (
    NARROW,
    SMALL,
    classes,
    every_fit,
    floats,
    imputing_fit,
    narrow_history,
    random_fit,
    rows_of,
)
from training.ensemble.calibration import Sigmoid
from training.ensemble.fit import combine, fit
from training.fit_settings import CalibrationMethod
from training.models.base import ExportedTrees, column_medians, impute
from training.models.registry import MODELS
from training.onnx_graph.trees import boosted_trees, float32_floor, forest_trees
from training.packaging.export import member_graph
from training.packaging.package import open_scorer


def test_fused_graph_scores_as_the_models_do() -> None:
    history, fitted = narrow_history(), every_fit()
    got = open_scorer(fitted).score(history.features)
    assert max_difference(fitted.predict(history.features), got) < 1e-6


@pytest.mark.parametrize("missing", ["learned", "median"])
def test_rows_without_any_value_score_as_the_models_do(missing: str) -> None:
    fitted = random_fit() if missing == "learned" else imputing_fit()
    empty = np.full((1, NARROW), np.nan, np.float32)
    assert max_difference(fitted.predict(empty), open_scorer(fitted).score(empty)) < 1e-6


def test_missing_values_go_where_the_median_goes() -> None:
    history, fitted = narrow_history(), imputing_fit()
    scorer = open_scorer(fitted)
    filled = impute(history.features, column_medians(history.features))
    assert np.isnan(history.features).any()
    routed, imputed = scorer.score(history.features), scorer.score(filled)
    assert routed.probability.tobytes() == imputed.probability.tobytes()


def test_a_median_on_a_split_goes_to_the_models_own_side() -> None:
    """XGBoost takes x < t to the left, the others x <= t; a median equal to t tells them apart."""
    columns = np.repeat(floats([[0], [1], [2], [3]]), 50, axis=0)
    targets = np.repeat(classes([0, 0, 1, 1]), 50)
    settings = replace(SMALL, models=("random_forest", "xgboost", "lightgbm"))
    members = fit(columns, targets, settings).members()
    for member, expected in zip(members, (0, 1, 0), strict=True):
        trees = member.trees
        assert trees is not None
        threshold = trees.splits()[1][0]
        imputing = trees.imputing(floats([threshold]))
        graph = member_graph(ExportedTrees("m", imputing), 1)
        run = onnxruntime.InferenceSession(graph.SerializeToString()).run
        missing, at_split = run(None, {"features": floats([[np.nan], [threshold]])})[0]
        assert missing == at_split
        assert (missing > 0.5) == bool(expected)


@pytest.mark.parametrize("name", MODELS)
def test_single_graphs_are_the_parts_of_the_fused_one(name: str) -> None:
    history, fitted = narrow_history(), every_fit()
    member = next(m for m in fitted.members() if m.name == name)
    session = open_session(member_graph(member, NARROW).SerializeToString())
    alone = session.run(None, {"features": history.features})[0].reshape(-1)
    assert alone.tobytes() == open_scorer(fitted).score(history.features).models[name].tobytes()


def test_calibration_is_part_of_the_graph() -> None:
    history = narrow_history()
    fitted = replace(random_fit(), calibration=Sigmoid(slope=7.5, intercept=-4.0))
    got = open_scorer(fitted).score(history.features)
    expected = fitted.predict(history.features)
    assert max_difference(expected, got) < 1e-6
    assert not np.allclose(
        got.probability, open_scorer(random_fit()).score(history.features).probability
    )


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_fitted_calibration_moves_the_mean_to_the_fraud_rate(method: CalibrationMethod) -> None:
    history = narrow_history()
    settings = replace(SMALL, balance="weights", calibration=method)
    plain = fit(history.features, history.targets, settings)
    fitted = combine(plain, rows_of(history), settings)
    mean = fitted.predict(history.features).probability.mean()
    assert plain.predict(history.features).probability.mean() > 2 * history.targets.mean()
    assert mean == pytest.approx(history.targets.mean(), rel=0.1)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.5])
def test_base_score_is_the_models_own_on_imbalanced_data(share: float) -> None:
    random = np.random.default_rng(3)
    columns = random.normal(size=(3_000, 4)).astype(np.float32)
    targets = np.zeros(3_000, np.int8)
    targets[: int(3_000 * share)] = 1
    model = XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(columns, targets)
    graph = member_graph(ExportedTrees("m", boosted_trees(model)), 4)
    got = open_session(graph.SerializeToString()).run(None, {"features": columns})[0]
    np.testing.assert_allclose(got[:, 0], model.predict_proba(columns)[:, 1], atol=1e-6)


def test_a_tree_without_split_is_exported() -> None:
    columns, targets = np.zeros((100, 2), np.float32), np.repeat(classes([0, 1]), 50)
    forest = RandomForestClassifier(2, random_state=0).fit(columns, targets)
    graph = member_graph(ExportedTrees("m", forest_trees(forest)), 2)
    got = open_session(graph.SerializeToString()).run(None, {"features": columns})[0]
    np.testing.assert_allclose(got[:, 0], forest.predict_proba(columns)[:, 1], atol=1e-6)


def test_floor_keeps_the_side_of_every_float32() -> None:
    random = np.random.default_rng(1)
    thresholds = random.normal(size=2_000) * 10.0 ** random.integers(-30, 30, 2_000)
    floors = float32_floor(thresholds)
    for step in (-np.inf, 0, np.inf):
        near = floors if step == 0 else np.nextafter(floors, np.float32(step))
        np.testing.assert_array_equal(near <= floors, near.astype(np.float64) <= thresholds)
