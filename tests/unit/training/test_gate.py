"""The gate passes a faithful graph and catches each way in which one can go wrong."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.unit.training.samples import NARROW, narrow_history, random_fit
from tests.unit.training.test_export import scorer_of
from training.errors import TrainingError
from training.export import ExportedMember, fused_graph
from training.fit import BOOSTED, FOREST
from training.gate import check_parity, gate_cases
from training.trees import Floats, Trees
from udfs.manifest import Parity, Thresholds
from udfs.score import Scorer, Scores, open_session

LEVELS = {"MEDIUM": 0.1, "HIGH": 0.01}
THRESHOLDS = Thresholds(medium=0.2, high=0.6, method="-", alert_share=LEVELS, precision=LEVELS)


@cache
def cases() -> dict[str, Floats]:
    trees = [member.trees for member in random_fit().members()]
    return gate_cases(narrow_history().features, trees, seed=1)


def gate(members: list[ExportedMember]) -> Parity:
    fitted = random_fit()
    session = open_session(fused_graph(members, NARROW, None).SerializeToString())
    scorer = Scorer(session, range(NARROW), NARROW, [member.name for member in members])
    return check_parity(fitted.predict, scorer, cases(), THRESHOLDS)


def changed(name: str, change: Callable[[Trees], Trees]) -> list[ExportedMember]:
    members = random_fit().members()
    return [replace(m, trees=change(m.trees)) if m.name == name else m for m in members]


def test_a_faithful_graph_passes() -> None:
    parity = gate(random_fit().members())
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


@pytest.mark.parametrize("name", [FOREST, BOOSTED])
def test_a_swapped_order_of_features_is_caught(name: str) -> None:
    def swap(trees: Trees) -> Trees:
        order = np.arange(NARROW)
        order[[0, 8]] = order[[8, 0]]
        swapped = tuple(replace(t, feature=order[t.feature]) for t in trees.trees)
        return replace(trees, trees=swapped)

    with pytest.raises(TrainingError, match=name):
        gate(changed(name, swap))


def test_a_comparison_of_the_wrong_kind_is_caught_at_the_splits() -> None:
    members = changed(BOOSTED, lambda trees: replace(trees, strict=False))
    with pytest.raises(TrainingError, match="'at_split'"):
        gate(members)


def test_thresholds_of_the_forest_rounded_up_are_caught_at_the_splits() -> None:
    def raise_by_one(trees: Trees) -> Trees:
        up = np.float32(np.inf)
        raised = tuple(replace(t, threshold=np.nextafter(t.threshold, up)) for t in trees.trees)
        return replace(trees, trees=raised)

    with pytest.raises(TrainingError, match=r"(at|above)_split'"):
        gate(changed(FOREST, raise_by_one))


@pytest.mark.parametrize("name", [FOREST, BOOSTED])
def test_missing_values_on_the_wrong_side_are_caught(name: str) -> None:
    """A converter that sends missing values to the right, as skl2onnx does for forests."""

    def to_the_right(trees: Trees) -> Trees:
        none = tuple(replace(t, missing_left=np.zeros_like(t.missing_left)) for t in trees.trees)
        return replace(trees, trees=none)

    with pytest.raises(TrainingError, match=name):
        gate(changed(name, to_the_right))


def test_other_weights_are_caught() -> None:
    members = [replace(member, weight=0.4) for member in random_fit().members()]
    with pytest.raises(TrainingError, match="look at the weights"):
        gate(members)


def test_a_change_of_risk_level_is_caught_below_the_tolerance() -> None:
    fitted = random_fit()
    rows = narrow_history().features[:50]
    edge = float(np.sort(fitted.predict(rows).probability)[25]) - 1e-6
    thresholds = Thresholds(medium=edge, high=2.0, method="-", alert_share=LEVELS, precision=LEVELS)

    def native(columns: Floats) -> Scores:
        scores = fitted.predict(columns)
        return Scores(scores.probability - np.float32(2e-6), scores.models)

    with pytest.raises(TrainingError, match="change their risk level"):
        check_parity(native, scorer_of(fitted), {"held_out": rows}, thresholds)
