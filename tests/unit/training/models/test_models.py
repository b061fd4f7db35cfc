"""The contract of every model, and what is particular to one."""

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
import xgboost

from scoring.model.scorer import open_session
from tests.unit.training.samples import (
    EVERY,
    NARROW,
    SMALL,
    classes,
    every_fit,
    floats,
    narrow_history,
)
from training.arrays import Floats
from training.ensemble.fit import FittedEnsemble, fit
from training.errors import TrainingError
from training.fit_settings import ISOLATION, LIGHT, FitSettings, Targets
from training.models import isolation_forest, logistic
from training.models.base import Model
from training.models.lightgbm import Light, light_trees
from training.models.registry import MODELS
from training.models.xgboost import choose_device, gpu_found
from training.packaging.export import member_graph


def model(name: str) -> Model:
    return next(model for model in every_fit().models if model.name == name)


def graph_scores(fitted: Model, columns: Floats) -> Floats:
    graph = member_graph(fitted.exported(), columns.shape[1]).SerializeToString()
    scores: Floats = open_session(graph).run(None, {"features": columns})[0]
    return scores.reshape(-1)


@pytest.mark.parametrize("name", MODELS)
def test_scores_lie_between_0_and_1_and_find_the_frauds(name: str) -> None:
    history = narrow_history()
    scores = model(name).predict(history.features)
    assert scores.dtype == np.float32 and scores.shape == history.targets.shape
    assert scores.min() >= 0 and scores.max() <= 1
    assert scores[history.targets == 1].mean() > 1.05 * scores[history.targets == 0].mean()


@pytest.mark.parametrize("name", MODELS)
def test_the_input_stays_untouched_and_no_row_gives_no_score(name: str) -> None:
    columns = narrow_history().features[:50].copy()
    before = columns.copy()
    model(name).predict(columns)
    np.testing.assert_array_equal(columns, before)
    assert len(open_rows(name, columns[:0])) == 0


def open_rows(name: str, columns: Floats) -> Floats:
    return graph_scores(model(name), columns)


@pytest.mark.parametrize("name", MODELS)
def test_one_row_has_the_bits_of_the_batch(name: str) -> None:
    """Of a width that is no multiple of a vector register, where sums are reordered."""
    columns = narrow_history().features[:300, :13]
    fitted = fit(columns, narrow_history().targets[:300], replace(EVERY, models=(name,)))
    whole = graph_scores(fitted.models[0], columns)
    single = np.concatenate([graph_scores(fitted.models[0], columns[i : i + 1]) for i in range(64)])
    sevens = [graph_scores(fitted.models[0], columns[i : i + 7]) for i in range(0, 300, 7)]
    assert single.tobytes() == whole[:64].tobytes()
    assert np.concatenate(sevens).tobytes() == whole.tobytes()


@pytest.mark.parametrize("name", MODELS)
def test_gains_are_shares_and_what_was_chosen_is_described(name: str) -> None:
    fitted = model(name)
    assert fitted.gains().shape == (NARROW,)
    assert fitted.gains().sum() == pytest.approx(1)
    assert fitted.width == NARROW
    assert (fitted.tree_count > 0) == (fitted.exported().trees is not None)
    assert fitted.parameters()


@pytest.mark.parametrize("name", [name for name in MODELS if name != ISOLATION])
def test_weights_raise_the_scores_of_frauds(name: str) -> None:
    history = narrow_history()
    weighted = fit(
        history.features, history.targets, replace(EVERY, models=(name,), balance="weights")
    ).models[0]
    frauds = history.features[history.targets == 1]
    assert weighted.predict(frauds).mean() > model(name).predict(frauds).mean()


def test_lightgbm_takes_a_missing_value_as_0_where_training_had_none() -> None:
    columns = np.repeat(floats([[-2], [-1], [1], [2]]), 50, axis=0)
    for targets in ([0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1]):
        settings = replace(SMALL, models=(LIGHT,))
        fitted = fit(columns, np.repeat(classes(targets), 50), settings).models[0]
        rows = floats([[np.nan], [0.0]])
        missing, zero = graph_scores(fitted, rows)
        assert missing == zero
        np.testing.assert_allclose(fitted.predict(rows), [missing, zero], atol=1e-6)


def test_lightgbm_sends_a_missing_value_to_the_learned_side() -> None:
    """Missing values are all frauds, and no value is: the split is at infinity."""
    columns = np.repeat(floats([[np.nan], [1], [2], [3]]), 50, axis=0)
    targets = np.repeat(classes([1, 0, 0, 0]), 50)
    fitted = fit(columns, targets, replace(SMALL, models=(LIGHT,))).models[0]
    rows = floats([[np.nan], [1], [3], [1e38], [np.inf], [-np.inf]])
    got = graph_scores(fitted, rows)
    assert got[0] > 0.5 > got[1:5].max()
    np.testing.assert_allclose(got, fitted.predict(rows), atol=1e-6)


def test_a_lightgbm_of_another_kind_is_refused() -> None:
    columns, targets = narrow_history().features, narrow_history().targets
    quiet = {"verbosity": -1, "num_threads": 1}
    ranked = lightgbm.train(quiet | {"objective": "regression"}, _rows(columns, targets), 2)
    with pytest.raises(TrainingError, match="objective"):
        light_trees(ranked)
    zero = quiet | {"objective": "binary", "zero_as_missing": True}
    with pytest.raises(TrainingError, match="zero_as_missing"):
        light_trees(lightgbm.train(zero, _rows(columns, targets), 2))


def _rows(columns: Floats, targets: Targets) -> lightgbm.Dataset:
    return lightgbm.Dataset(columns, targets)


def test_the_isolation_forest_needs_no_labels() -> None:
    history = narrow_history()
    unknown = np.full_like(history.targets, -1)
    fitted = fit(history.features, unknown, replace(SMALL, models=(ISOLATION,))).models[0]
    scores = fitted.predict(history.features)
    # Its score is the share of payments that are less unusual, so it is spread evenly.
    assert np.median(scores) == pytest.approx(0.5, abs=0.02)
    assert (scores > 0.99).mean() == pytest.approx(0.01, abs=0.005)
    odd = np.full((1, NARROW), 1e6, np.float32)
    assert fitted.predict(odd)[0] > scores.max()
    np.testing.assert_allclose(graph_scores(fitted, odd), fitted.predict(odd), atol=1e-6)


def test_with_labels_the_isolation_forest_says_how_often_such_payments_are_frauds() -> None:
    history = narrow_history()
    scores = model(ISOLATION).predict(history.features)
    assert scores.mean() == pytest.approx(history.targets.mean(), rel=0.05)


def test_paths_are_those_of_scikit_learn_on_few_rows() -> None:
    """Leaves of one, two and several rows take the average path of each size."""
    columns = np.repeat(floats([[0], [0], [0], [1], [5], [5]]), 2, axis=0)
    fitted = fit(columns, np.full(12, -1, np.int8), replace(SMALL, models=(ISOLATION,)))
    _same(fitted, columns)


def _same(fitted: FittedEnsemble, columns: Floats) -> None:
    found = fitted.models[0]
    np.testing.assert_allclose(graph_scores(found, columns), found.predict(columns), atol=1e-6)
    assert isinstance(found, isolation_forest.Isolation)


def test_the_scale_is_float32_at_every_step() -> None:
    columns = np.nan_to_num(narrow_history().features) + np.float32(1e5)
    scaled = logistic.fit_scale(columns)(columns)
    assert scaled.dtype == np.float32
    assert np.abs(scaled.mean(axis=0, dtype=np.float64)).max() < 5e-3
    varying = np.ptp(columns, axis=0) > 0
    np.testing.assert_allclose(scaled[:, varying].std(axis=0, dtype=np.float64), 1, atol=1e-3)


def test_lightgbm_repeats_with_any_number_of_threads() -> None:
    history = narrow_history()
    both = [
        fit(history.features, history.targets, replace(SMALL, models=(LIGHT,), jobs=jobs))
        for jobs in (1, 2)
    ]
    one, other = (each.predict(history.features).probability for each in both)
    assert one.tobytes() == other.tobytes()
    assert isinstance(both[0].models[0], Light)


@pytest.mark.skipif(gpu_found(), reason="there is a GPU here")
def test_without_a_gpu_the_cpu_is_taken_unless_a_gpu_is_demanded() -> None:
    assert choose_device(FitSettings(), rows=10**6) == "cpu"
    assert choose_device(FitSettings(), rows=10**3) == "cpu"
    with pytest.raises(TrainingError, match="in place of xgboost-cpu"):
        choose_device(FitSettings(device="cuda"), rows=10**6)


def test_with_a_gpu_many_rows_go_there_and_exact_trees_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.models.xgboost.gpu_found", lambda: True)
    assert choose_device(FitSettings(), rows=10**6) == "cuda"
    assert choose_device(FitSettings(), rows=10**3) == "cpu"
    assert choose_device(FitSettings(device="cuda"), rows=10**3) == "cuda"
    assert choose_device(FitSettings(tree_method="exact"), rows=10**6) == "cpu"
    assert choose_device(FitSettings(device="cpu"), rows=10**6) == "cpu"


def test_a_build_with_cuda_and_no_device_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """This build says that it has CUDA, and training on it answers that it has not."""
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": True})
    gpu_found.cache_clear()
    assert not gpu_found()
    gpu_found.cache_clear()
