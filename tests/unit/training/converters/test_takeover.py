"""Our graph, and those that skl2onnx and onnxmltools make of the same models, on the gate's rows.

Where the graphs differ, a known fault says why; without the rows that it concerns they agree.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import onnx
import pytest
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType

from scoring.model.scorer import open_session
from tests.unit.training.samples import EVERY, NARROW, SMALL, every_fit, narrow_history
from training.arrays import Floats
from training.converters.faults import MISSING, ROUNDED
from training.converters.read import TREE_NODE, read_trees
from training.converters.takeover import TakenOver, check_rewriting, take_over
from training.ensemble.fit import FittedEnsemble, fit
from training.errors import TrainingError
from training.fit_settings import BOOSTED, FOREST, ISOLATION, LIGHT, LOGISTIC
from training.models.base import ExportedTrees, impute
from training.models.isolation_forest import Isolation
from training.models.logistic import Logistic
from training.onnx_graph.trees import Trees
from training.packaging.gate import gate_cases
from training.packaging.package import open_scorer

OF_TREES = (FOREST, BOOSTED, LIGHT)
ROUNDING = 1e-6


@cache
def cases() -> dict[str, Floats]:
    return gate_cases(narrow_history().features, every_fit().members(), seed=1)


@cache
def filled_fit() -> FittedEnsemble:
    history = narrow_history()
    return fit(history.features, history.targets, replace(EVERY, missing="median"))


@cache
def taken(name: str, missing: str) -> TakenOver:
    fitted = every_fit() if missing == "learned" else filled_fit()
    return take_over(next(model for model in fitted.models if model.name == name))


def differing(theirs: Mapping[str, Floats], ours: Mapping[str, Floats]) -> dict[str, int]:
    """How many rows of each case differ by more than rounding; cases without any are left out."""
    found = {name: int((np.abs(theirs[name] - ours[name]) > ROUNDING).sum()) for name in ours}
    return {name: count for name, count in found.items() if count}


def compared(name: str, missing: str) -> dict[str, int]:
    """Compare a converter's graph with ours."""
    ours = open_scorer(every_fit() if missing == "learned" else filled_fit())
    return differing(
        {case: taken(name, missing).score(rows) for case, rows in cases().items()},
        {case: ours.score(rows).models[name] for case, rows in cases().items()},
    )


@pytest.mark.parametrize("missing", ["learned", "median"])
def test_xgboost_of_onnxmltools_scores_as_ours(missing: str) -> None:
    assert not compared(BOOSTED, missing)
    assert not taken(BOOSTED, missing).faults


def test_a_forest_of_skl2onnx_differs_in_rows_with_missing_values_alone() -> None:
    one = taken(FOREST, "learned")
    assert [fault.kind for fault in one.faults] == [MISSING]
    ours = open_scorer(every_fit())
    for rows in cases().values():
        whole = ~np.isnan(rows).any(axis=1)
        apart = np.abs(one.score(rows) - ours.score(rows).models[FOREST]) > ROUNDING
        assert not apart[whole].any()
        assert apart.sum() > 0.1 * (~whole).sum()


def test_a_forest_of_skl2onnx_scores_as_ours_with_medians() -> None:
    assert not compared(FOREST, "median")
    assert not taken(FOREST, "median").faults


@pytest.mark.parametrize("missing", ["learned", "median"])
def test_lightgbm_of_onnxmltools_differs_just_above_thresholds_alone(missing: str) -> None:
    assert [fault.kind for fault in taken(LIGHT, missing).faults] == [ROUNDED]
    assert set(compared(LIGHT, missing)) == {"above_split"}


def test_a_regression_of_skl2onnx_scores_as_ours_behind_our_scale() -> None:
    model = next(model for model in every_fit().models if model.name == LOGISTIC)
    assert isinstance(model, Logistic)
    run = _sklearn_graph(model.regression, zipmap=False)
    ours = open_scorer(every_fit())
    theirs = {name: run("probabilities", model.scale(rows))[:, 1] for name, rows in cases().items()}
    own = {name: ours.score(rows).models[LOGISTIC] for name, rows in cases().items()}
    assert not differing(theirs, own)


def test_an_isolation_forest_of_skl2onnx_scores_as_ours_in_front_of_our_curve() -> None:
    model = next(model for model in every_fit().models if model.name == ISOLATION)
    assert isinstance(model, Isolation)
    run = _sklearn_graph(model.forest)
    ours = open_scorer(every_fit())
    offset = np.float32(model.forest.offset_)
    theirs, own = {}, {}
    for name, rows in cases().items():
        normal = run("scores", impute(rows, model.medians)).reshape(-1)
        theirs[name] = model.curve(-(normal + offset))
        own[name] = ours.score(rows).models[ISOLATION]
    steepest = float(model.curve.slopes.max())
    worst = max(float(np.abs(theirs[name] - own[name]).max()) for name in own)
    assert worst < ROUNDING * max(1.0, steepest)


def _sklearn_graph(fitted: object, **options: bool):  # type: ignore[no-untyped-def]  # a closure
    graph = convert_sklearn(
        fitted,
        initial_types=[("features", FloatTensorType([None, NARROW]))],
        options={id(fitted): options} if options else None,
        target_opset={"": 21, "ai.onnx.ml": 3},
    )
    session = open_session(graph.SerializeToString())
    return lambda output, rows: session.run([output], {"features": rows})[0]


@pytest.mark.parametrize("missing", ["learned", "median"])
@pytest.mark.parametrize("name", OF_TREES)
def test_trees_written_anew_score_as_the_converters_own_graph(name: str, missing: str) -> None:
    check_rewriting([taken(name, missing)], cases())


@pytest.mark.parametrize("name", OF_TREES)
def test_trees_written_otherwise_than_the_converters_graph_are_refused(name: str) -> None:
    one = taken(name, "median")
    trees = one.member.trees
    first = replace(trees.trees[0], value=trees.trees[0].value + np.float32(0.001))
    other = ExportedTrees(name, replace(trees, trees=(first, *trees.trees[1:])))
    with pytest.raises(TrainingError, match=f"made of {name} scores the rows of case 'held_out'"):
        check_rewriting([replace(one, member=other)], cases())


@pytest.mark.parametrize("name", OF_TREES)
def test_covers_are_the_fitted_models(name: str) -> None:
    """Contributions average by covers, and no converter writes them."""
    fitted = next(member for member in every_fit().members() if member.name == name).trees
    assert fitted is not None
    theirs = taken(name, "learned").member.trees
    for one, own in zip(theirs.trees, fitted.trees, strict=True):
        assert one.cover.tobytes() == own.cover.tobytes()
        assert one.left.tobytes() == own.left.tobytes()


def test_trees_of_another_shape_are_refused() -> None:
    graph = taken(FOREST, "learned").made.graph
    small = fit(narrow_history().features, narrow_history().targets, replace(SMALL, forest_depth=2))
    trees = small.members()[0].trees
    assert trees is not None
    with pytest.raises(TrainingError, match="trees of another shape than the model"):
        read_trees(graph, trees)
    with pytest.raises(TrainingError, match="has 12 trees, the fitted model 11"):
        read_trees(graph, replace(trees, trees=trees.trees[1:]))


def test_a_graph_with_other_tests_or_without_trees_is_refused() -> None:
    one = taken(FOREST, "learned")
    trees: Trees = one.member.trees
    odd = onnx.ModelProto()
    odd.CopyFrom(one.made.graph)
    node = next(node for node in odd.graph.node if node.op_type == TREE_NODE)
    modes = next(given for given in node.attribute if given.name == "nodes_modes")
    modes.strings[0] = b"BRANCH_EQ"
    with pytest.raises(TrainingError, match="tests by BRANCH_EQ, BRANCH_LEQ"):
        read_trees(odd, trees)
    odd.graph.node.remove(node)
    with pytest.raises(TrainingError, match="has 0 nodes of trees"):
        read_trees(odd, trees)
