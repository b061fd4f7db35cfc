"""The gate passes a faithful graph and catches each way in which one can go wrong."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from msgspec import structs
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from scoring.bundle.manifest import Parity, Thresholds
from scoring.model.scorer import Scorer, Scores, open_session
from tests.unit.training.samples import EVERY, NARROW, every_fit, narrow_history
from training.arrays import Floats
from training.ensemble.combination import Ranked, Weighted
from training.ensemble.fit import FittedEnsemble, fit
from training.errors import TrainingError
from training.fit_settings import BOOSTED, FOREST, LOGISTIC
from training.models.base import Exported, ExportedTrees
from training.models.isolation_forest import ExportedIsolation
from training.models.logistic import ExportedLinear
from training.models.registry import MODELS
from training.onnx_graph.curve import Curve
from training.onnx_graph.trees import Trees
from training.packaging.export import fused_graph
from training.packaging.gate import check_parity, gate_cases
from training.packaging.package import open_scorer

LEVELS = {"MEDIUM": 0.1, "HIGH": 0.01}
WITH_TREES = [name for name in MODELS if name != LOGISTIC]
FAR = 200_000.37
THRESHOLDS = Thresholds(medium=0.2, high=0.6, method="-", alert_share=LEVELS, precision=LEVELS)


@cache
def cases() -> dict[str, Floats]:
    return gate_cases(narrow_history().features, every_fit().members(), seed=1)


def gate(members: list[Exported]) -> Parity:
    fitted = every_fit()
    graph = fused_graph(members, NARROW, fitted.combination, None)
    scorer = Scorer(
        open_session(graph.SerializeToString()), range(NARROW), NARROW, [m.name for m in members]
    )
    return check_parity(fitted.predict, fitted.finish, scorer, cases(), THRESHOLDS)


def changed(name: str, change: Callable[[Trees], Trees]) -> list[Exported]:
    return [_changed(m, change) if m.name == name else m for m in every_fit().members()]


def _changed(member: Exported, change: Callable[[Trees], Trees]) -> Exported:
    assert member.trees is not None
    if isinstance(member, ExportedIsolation):
        return replace(member, trees=change(member.trees))
    return ExportedTrees(member.name, change(member.trees))


def test_a_faithful_graph_passes() -> None:
    parity = gate(every_fit().members())
    assert parity.max_difference < 1e-6
    assert parity.risk_level_changes == 0
    assert set(parity.rows) >= {"held_out", "at_split", "below_split", "above_split", "infinite"}


def test_cases_hold_what_they_are_called_after() -> None:
    made = cases()
    assert np.isnan(made["missing"]).mean() > 0.3
    assert np.isinf(made["infinite"]).mean() > 0.3
    assert np.isnan(made["missing_all"]).all()
    at, below, above = made["at_split"], made["below_split"], made["above_split"]
    differs = (at != below) & ~np.isnan(at)
    assert (differs.sum(axis=1) == 1).all()
    finite = differs & np.isfinite(at)  # a forest's split of missing from present is at infinity
    assert (below[finite] < at[finite]).all() and (at[finite] < above[finite]).all()


def test_a_wrong_base_score_is_caught() -> None:
    members = changed(BOOSTED, lambda trees: replace(trees, base=0.0))
    with pytest.raises(TrainingError, match="xgboost differ; look at the base score"):
        gate(members)


@pytest.mark.parametrize("name", WITH_TREES)
def test_a_swapped_order_of_features_is_caught(name: str) -> None:
    def swap(trees: Trees) -> Trees:
        order = np.arange(NARROW)
        order[[0, 8]] = order[[8, 0]]
        swapped = tuple(replace(t, feature=order[t.feature]) for t in trees.trees)
        return replace(trees, trees=swapped)

    with pytest.raises(TrainingError, match=name):
        gate(changed(name, swap))


def test_a_swapped_order_of_the_regressions_columns_is_caught() -> None:
    def swapped(member: Exported) -> Exported:
        if not isinstance(member, ExportedLinear):
            return member
        order = np.arange(NARROW)
        order[[0, 8]] = order[[8, 0]]
        return replace(member, weights=member.weights[order])

    with pytest.raises(TrainingError, match="logistic"):
        gate([swapped(member) for member in every_fit().members()])


def test_a_wrong_range_of_the_isolation_forest_is_caught() -> None:
    def shifted(member: Exported) -> Exported:
        if not isinstance(member, ExportedIsolation):
            return member
        return replace(member, curve=Curve.through([0, 1], [0, 1]))

    with pytest.raises(TrainingError, match="isolation_forest"):
        gate([shifted(member) for member in every_fit().members()])


def test_a_comparison_of_the_wrong_kind_is_caught() -> None:
    members = changed(BOOSTED, lambda trees: replace(trees, strict=False))
    with pytest.raises(TrainingError, match="xgboost differ"):
        gate(members)


def test_thresholds_of_the_forest_rounded_up_are_caught_at_the_splits() -> None:
    def raise_by_one(trees: Trees) -> Trees:
        up = np.float32(np.inf)
        raised = tuple(replace(t, threshold=np.nextafter(t.threshold, up)) for t in trees.trees)
        return replace(trees, trees=raised)

    with pytest.raises(TrainingError, match=r"(at|above)_split'"):
        gate(changed(FOREST, raise_by_one))


@pytest.mark.parametrize("name", WITH_TREES)
def test_missing_values_on_the_wrong_side_are_caught(name: str) -> None:
    """A converter that sends missing values to the right, as skl2onnx does for forests."""

    def to_the_right(trees: Trees) -> Trees:
        none = tuple(replace(t, missing_left=np.zeros_like(t.missing_left)) for t in trees.trees)
        return replace(trees, trees=none)

    with pytest.raises(TrainingError, match=name):
        gate(changed(name, to_the_right))


def test_a_steep_curve_passes_where_only_rounding_differs() -> None:
    steep = Curve.through([0.0, 0.03, 0.0301, 1.0], [0.0, 0.01, 0.99, 0.9999])
    fitted = every_fit()
    fitted = replace(fitted, combination=Ranked((steep,) * len(fitted.models)))
    thresholds = structs.replace(THRESHOLDS, medium=2.0, high=2.0)
    parity = check_parity(fitted.predict, fitted.finish, open_scorer(fitted), cases(), thresholds)
    assert parity.max_difference > parity.tolerance
    assert parity.step_difference is not None and parity.step_difference < 1e-6


def test_a_curve_that_the_graph_computes_otherwise_is_caught() -> None:
    fitted = every_fit()
    curve, other = (Curve.through([0, 1], [0, end]) for end in (0.9, 0.9001))
    ranked = replace(fitted, combination=Ranked((curve,) * len(fitted.models)))
    altered = replace(fitted, combination=Ranked((other,) * len(fitted.models)))
    with pytest.raises(TrainingError, match="look at the combination"):
        check_parity(ranked.predict, ranked.finish, open_scorer(altered), cases(), THRESHOLDS)


def test_other_weights_are_caught() -> None:
    fitted = every_fit()
    other = replace(fitted, combination=Weighted((0.3, 0.1, 0.2, 0.2, 0.2)))
    with pytest.raises(TrainingError, match="look at the combination"):
        check_parity(fitted.predict, fitted.finish, open_scorer(other), cases(), THRESHOLDS)


def far_away() -> tuple[Floats, FittedEnsemble]:
    """Columns whose mean is large against their deviation, as of a time, and a regression."""
    history = narrow_history()
    columns = history.features + np.float32(FAR)
    return columns, fit(columns, history.targets, replace(EVERY, models=(LOGISTIC,)))


def test_columns_far_from_zero_pass_the_gate_with_a_scaler_in_float32() -> None:
    columns, fitted = far_away()
    made = gate_cases(columns, fitted.members(), seed=1)
    parity = check_parity(fitted.predict, fitted.finish, open_scorer(fitted), made, THRESHOLDS)
    assert parity.max_difference < 1e-6


def test_a_scaler_in_double_precision_is_caught() -> None:
    """The usual pipeline: scikit-learn's scaler in float64, its constants cast for the graph."""
    columns, fitted = far_away()
    filled = np.nan_to_num(columns, nan=FAR).astype(np.float64)
    scaler = StandardScaler().fit(filled)
    regression = LogisticRegression().fit(scaler.transform(filled), narrow_history().targets)

    def native(rows: Floats) -> Scores:
        scaled = scaler.transform(rows.astype(np.float64))
        score = regression.predict_proba(scaled)[:, 1].astype(np.float32)
        return Scores(score, {LOGISTIC: score})

    member = fitted.members()[0]
    assert isinstance(member, ExportedLinear)
    scale = replace(
        member.scale,
        low=np.full(NARROW, -np.inf, np.float32),
        high=np.full(NARROW, np.inf, np.float32),
        means=scaler.mean_.astype(np.float32),
        factors=(1 / scaler.scale_).astype(np.float32),
    )
    cast = replace(
        member,
        scale=scale,
        weights=regression.coef_[0].astype(np.float32),
        intercept=float(regression.intercept_[0]),
    )
    graph = fused_graph([cast], NARROW, Weighted((1.0,)), None)
    session = open_session(graph.SerializeToString())
    scorer = Scorer(session, range(NARROW), NARROW, [LOGISTIC])
    rows = columns[~np.isnan(columns).any(axis=1)]
    with pytest.raises(TrainingError, match="logistic differ"):
        check_parity(
            native, lambda models: models[LOGISTIC], scorer, {"held_out": rows}, THRESHOLDS
        )


def test_a_change_of_risk_level_is_caught_below_the_tolerance() -> None:
    fitted = every_fit()
    rows = narrow_history().features[:50]
    edge = float(np.sort(fitted.predict(rows).probability)[25]) - 1e-6
    thresholds = Thresholds(medium=edge, high=2.0, method="-", alert_share=LEVELS, precision=LEVELS)

    def native(columns: Floats) -> Scores:
        scores = fitted.predict(columns)
        return Scores(scores.probability - np.float32(2e-6), scores.models)

    with pytest.raises(TrainingError, match="change their risk level"):
        check_parity(native, fitted.finish, open_scorer(fitted), {"held_out": rows}, thresholds)
