"""Each known fault of skl2onnx and onnxmltools, by the smallest input that shows it.

A test that fails here after an update of a package is good news: the fault is mended, and its row
in docs/adr/0038 can go.
"""

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from scoring.model.scorer import open_session
from tests.unit.training.samples import classes, floats
from training.arrays import Floats
from training.converters.convert import Converted
from training.converters.faults import BASE, MISSING, ROUNDED, UNKNOWN, find_faults
from training.converters.takeover import take_over
from training.fit_settings import FitSettings
from training.models.lightgbm import Light
from training.models.random_forest import RandomForest
from training.models.xgboost import Boosted
from training.onnx_graph.trees import Trees

SETTINGS = FitSettings()


def neighbours() -> Floats:
    """Two neighbouring float32; the float64 between them rounds to the upper one."""
    lower = np.nextafter(np.float32(1), np.float32(2))
    return floats([[lower], [np.nextafter(lower, np.float32(2))]])


def small_forest() -> RandomForest:
    """One tree that sends a missing value to the left."""
    rows = floats([[0], [1], [np.nan]])
    forest = RandomForestClassifier(1, bootstrap=False, random_state=0)
    return RandomForest(forest.fit(rows, classes([0, 1, 0])), None, SETTINGS)


def small_booster() -> Boosted:
    """Trees without a split, as two payments give."""
    rows = floats([[0], [1]])
    return Boosted(XGBClassifier(n_estimators=1).fit(rows, classes([0, 1])), None, "cpu")


def small_light() -> Light:
    """One split between two neighbouring float32."""
    options = {"objective": "binary", "min_data_in_leaf": 1, "min_data_in_bin": 1, "verbosity": -1}
    rows = lightgbm.Dataset(neighbours().repeat(2, axis=0), classes([0, 0, 1, 1]))
    return Light(lightgbm.train(options, rows, num_boost_round=1), None, SETTINGS)


def test_a_missing_value_takes_the_other_side_in_a_forest_of_skl2onnx() -> None:
    forest, row = small_forest(), floats([[np.nan]])
    taken = take_over(forest)
    assert [forest.predict(row).item(), taken.score(row).item()] == [0, 1]
    (fault,) = taken.faults
    assert fault.kind == MISSING
    assert "sends missing values to another side than scikit-learn at 1 of 1 splits" in (
        fault.sentence
    )


def test_medians_in_place_of_missing_values_mend_it() -> None:
    forest = replace(small_forest(), medians=floats([0.2]))
    taken = take_over(forest)
    row = floats([[np.nan]])
    assert not taken.faults
    assert forest.predict(row) == taken.score(row) == taken.rewritten(row) == 0


def test_a_payment_at_a_threshold_takes_the_other_side_in_lightgbm_of_onnxmltools() -> None:
    light, rows = small_light(), neighbours()
    taken = take_over(light)
    low, high = light.predict(rows)
    assert high > low
    assert taken.score(rows) == pytest.approx([low, low])
    (fault,) = taken.faults
    assert fault.kind == ROUNDED
    assert "rounds 1 of 1 thresholds of lightgbm up" in fault.sentence


def test_a_booster_without_a_split_has_another_base_score_from_onnxmltools() -> None:
    booster, row = small_booster(), floats([[0]])
    taken = take_over(booster)
    assert booster.predict(row) == pytest.approx(0.5)
    assert taken.score(row) == pytest.approx(1 / (1 + np.exp(-0.5)))
    (fault,) = taken.faults
    assert fault.kind == BASE
    assert "the base score 0.5, and the one in XGBoost is 0 (as log-odds)" in fault.sentence


def test_scaling_in_double_precision_sends_a_payment_to_the_other_side() -> None:
    """No model of ours is scaled so, and therefore no scaled model is taken over."""
    rows = neighbours().astype(np.float64)
    pipeline = make_pipeline(StandardScaler(), DecisionTreeClassifier()).fit(rows, [0, 1])
    graph = to_onnx(pipeline, neighbours(), options={"zipmap": False}, target_opset=21)
    (scores,) = open_session(graph.SerializeToString()).run(["probabilities"], {"X": neighbours()})
    assert pipeline.predict_proba(rows)[:, 1].tolist() == [0, 1]
    assert scores[:, 1].tolist() == [0, 0]


def altered(change: str) -> tuple[Trees, Trees]:
    """The trees of a small forest, and the same with one number changed."""
    fitted = small_forest().exported().trees
    if change == "strict":
        return replace(fitted, strict=True), fitted
    tree = fitted.trees[0]
    other = replace(tree, **{change: getattr(tree, change) + 1})
    return replace(fitted, trees=(other,)), fitted


@pytest.mark.parametrize("change", ["strict", "feature", "value"])
def test_what_no_known_fault_explains_is_said_to_be_unknown(change: str) -> None:
    made = Converted(take_over(small_forest()).made.graph, "skl2onnx 0", "scikit-learn")
    (fault,) = find_faults("random_forest", made, *altered(change))
    assert fault.kind == UNKNOWN
    assert "report the difference" in fault.remedy
