"""Contributions are the Shapley values of the exported trees, and add up to what was scored."""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
import onnx
import pytest
from onnx import helper
from sklearn.ensemble import RandomForestClassifier
from xgboost import DMatrix, XGBClassifier

from tests.unit.training.samples import NARROW, classes, floats, narrow_history, random_fit
from tests.unit.udfs.scene import shipped
from training.export import ExportedMember, fused_graph, leaf_covers
from training.fit import BOOSTED, FOREST, FittedEnsemble
from training.gate import gate_cases
from training.trees import Floats, Tree, Trees, boosted_trees, forest_trees
from udfs.contributions import EnsembleContributions, Parts, read_contributions
from udfs.score import Scorer, open_session
from udfs.tree_reader import TreesError


def explained(members: list[ExportedMember], width: int) -> EnsembleContributions:
    """Read the contributions back from the members' exported graph."""
    return read_contributions(
        fused_graph(members, width, None),
        {member.name: leaf_covers(member.trees) for member in members},
        {member.name: member.weight for member in members},
        width,
    )


@cache
def fitted() -> tuple[FittedEnsemble, EnsembleContributions]:
    """A fitted ensemble and what explains it."""
    return random_fit(), explained(random_fit().members(), NARROW)


@cache
def cases() -> dict[str, Floats]:
    """Rows of the history, rows at and beside the splits, rows with missing values, and others."""
    trees = [member.trees for member in fitted()[0].members()]
    return {
        name: rows[:150] for name, rows in gate_cases(narrow_history().features, trees, 3).items()
    }


def parts_of(name: str, rows: Floats) -> list[Parts]:
    return [fitted()[1].member_parts(row)[name] for row in rows]


CASES = (
    "held_out",
    "at_split",
    "below_split",
    "above_split",
    "missing",
    "missing_all",
    "infinite",
    "extreme",
)


@pytest.mark.parametrize("case", [case for case in CASES if case != "infinite"])
def test_contributions_add_up_to_each_models_margin(case: str) -> None:
    """Log-odds for XGBoost, the probability for the forest; both libraries refuse infinities."""
    rows = cases()[case]
    ensemble, _ = fitted()
    with np.errstate(all="ignore"):
        forest = ensemble.forest.predict_proba(rows)[:, 1]
    boosted = ensemble.boosted.get_booster().predict(DMatrix(rows), output_margin=True)
    for name, margins in ((FOREST, forest), (BOOSTED, boosted)):
        got = [parts.margin for parts in parts_of(name, rows)]
        np.testing.assert_allclose(got, margins, atol=1e-5, rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_contributions_add_up_to_the_average_that_the_graph_scores(case: str) -> None:
    rows = cases()[case]
    ensemble, contributions = fitted()
    members = ensemble.members()
    graph = fused_graph(members, NARROW, None).SerializeToString()
    scorer = Scorer(open_session(graph), range(NARROW), NARROW, [m.name for m in members])
    got = [contributions(row).sum() + contributions.base for row in rows]
    np.testing.assert_allclose(got, scorer.score_columns(rows).probability, atol=1e-5)


@pytest.mark.parametrize("case", ["held_out", "at_split", "missing"])
def test_xgboosts_contributions_are_those_of_the_library(case: str) -> None:
    rows = cases()[case]
    booster = fitted()[0].boosted.get_booster()
    expected = booster.predict(DMatrix(rows), pred_contribs=True)
    got = parts_of(BOOSTED, rows)
    np.testing.assert_allclose([one.contributions for one in got], expected[:, :-1], atol=1e-4)
    np.testing.assert_allclose([one.base for one in got], expected[:, -1], atol=1e-4)


def expectation(tree: Tree, row: Floats, known: frozenset[int], node: int = 0) -> float:
    """The value of a tree where only some columns are known (Lundberg et al. 2018, algorithm 1)."""
    if tree.left[node] < 0:
        return float(tree.value[node])
    left, right = int(tree.left[node]), int(tree.right[node])
    column = int(tree.feature[node])
    if column in known:
        value = row[column]
        goes_left = tree.missing_left[node] if np.isnan(value) else value <= tree.threshold[node]
        return expectation(tree, row, known, left if goes_left else right)
    share = tree.cover[left] / (tree.cover[left] + tree.cover[right])
    rest = expectation(tree, row, known, right)
    return float(share * expectation(tree, row, known, left) + (1 - share) * rest)


def brute_force(trees: Trees, row: Floats) -> list[float]:
    """Shapley values by their definition, over every subset of the columns."""
    width, found = len(row), []
    for column in range(width):
        others = [other for other in range(width) if other != column]
        total = 0.0
        for size in range(width):
            weight = math.factorial(size) * math.factorial(width - size - 1) / math.factorial(width)
            for subset in itertools.combinations(others, size):
                for tree in trees.trees:
                    gain = expectation(tree, row, frozenset({*subset, column}))
                    total += weight * (gain - expectation(tree, row, frozenset(subset)))
        found.append(total)
    return found


@pytest.mark.parametrize("depth", [1, 2, 6])
def test_the_forests_contributions_are_shapleys_by_definition(depth: int) -> None:
    """Deep trees test a column twice on a path; missing values take their own side."""
    random = np.random.default_rng(depth)
    columns = random.normal(size=(400, 5)).astype(np.float32)
    targets = (columns[:, 0] + columns[:, 1] * columns[:, 2] > 0.5).astype(np.int8)
    columns[random.random(columns.shape) < 0.1] = np.nan
    forest = RandomForestClassifier(3, max_depth=depth, random_state=0).fit(columns, targets)
    trees = forest_trees(forest)
    contributions = explained([ExportedMember("forest", trees, 1.0)], 5)
    for row in columns[:8]:
        expected = brute_force(trees, row)
        got = contributions.member_parts(row)["forest"].contributions
        np.testing.assert_allclose(got, expected, atol=1e-7)


def test_a_deep_tree_needs_more_points_and_stays_exact() -> None:
    """Forty columns one below the other: 20 points, rounded up to 32."""
    depth = 40
    random = np.random.default_rng(0)
    columns = random.normal(size=(2_000, depth)).astype(np.float32)
    at = np.arange(depth)
    chain = Tree(
        feature=np.concatenate([at, np.full(depth + 1, -2)]),
        threshold=np.zeros(2 * depth + 1, np.float32),
        left=np.concatenate([at + depth, np.full(depth + 1, -1)]),
        right=np.concatenate([at[1:], [2 * depth], np.full(depth + 1, -1)]),
        missing_left=np.zeros(2 * depth + 1, bool),
        value=random.normal(size=2 * depth + 1).astype(np.float32),
        cover=np.ones(2 * depth + 1, np.float32),
    )
    trees = Trees((chain,), strict=False, base=0.0, logistic=False)
    contributions = explained([ExportedMember("m", trees, 1.0)], depth)
    for row in columns[:20]:
        parts = contributions.member_parts(row)["m"]
        known = expectation(chain, row, frozenset(range(depth)))
        assert parts.margin == pytest.approx(known, abs=1e-9)
    opposite = contributions.member_parts(-columns[0])["m"]
    assert opposite.contributions[0] != contributions.member_parts(columns[0])["m"].contributions[0]


def test_a_tree_without_split_moves_nothing() -> None:
    columns, targets = np.zeros((100, 2), np.float32), np.repeat(classes([0, 1]), 50)
    forest = RandomForestClassifier(2, random_state=0).fit(columns, targets)
    contributions = explained([ExportedMember("m", forest_trees(forest), 1.0)], 2)
    parts = contributions.member_parts(columns[0])["m"]
    assert parts.base == pytest.approx(forest.predict_proba(columns[:1])[0, 1], abs=1e-6)
    np.testing.assert_allclose(parts.contributions, 0.0, atol=1e-12)


def test_at_the_base_the_factor_is_the_slope() -> None:
    """Two columns that cancel each other leave the margin at the base, and are told even so."""
    leaf = {"threshold": floats([0, 0, 0]), "missing_left": np.zeros(3, bool)}
    shape = {"left": np.array([1, -1, -1]), "right": np.array([2, -1, -1])}
    trees = [
        Tree(
            feature=np.array([column, -2, -2]),
            value=floats([0, -sign, sign]),
            cover=floats([2, 1, 1]),
            **leaf,
            **shape,
        )
        for column, sign in ((0, 1), (1, -1))
    ]
    member = ExportedMember("m", Trees(tuple(trees), strict=True, base=0.3, logistic=True), 1.0)
    found = explained([member], 2)(floats([1, 1]))
    score = 1 / (1 + math.exp(-0.3))
    np.testing.assert_allclose(found, [score * (1 - score), -score * (1 - score)], atol=1e-6)


def test_a_model_without_trees_is_left_out() -> None:
    """Its share of the score is in no contribution."""
    member = next(one for one in fitted()[0].members() if one.name == FOREST)
    covers = {FOREST: leaf_covers(member.trees)}
    graph = fused_graph([member], NARROW, None)
    found = read_contributions(graph, covers, {FOREST: 0.5, "linear": 0.5}, NARROW)
    assert [one.name for one in found.members] == [FOREST]


@pytest.mark.parametrize("seeded", ["none", "short", "zero"])
def test_covers_that_are_not_those_of_the_trees_are_refused(seeded: str) -> None:
    member = fitted()[0].members()[0]
    covers = leaf_covers(member.trees)
    wrong = {
        "none": {},
        "short": {member.name: covers[1:]},
        "zero": {member.name: np.where(np.arange(len(covers)) == 3, 0, covers).astype(np.float32)},
    }
    graph = fused_graph([member], NARROW, None)
    with pytest.raises(TreesError, match="covers"):
        read_contributions(graph, wrong[seeded], {member.name: 1.0}, NARROW)


def test_what_cannot_be_followed_behind_the_trees_is_named() -> None:
    member = next(one for one in fitted()[0].members() if one.name == BOOSTED)
    graph: onnx.ModelProto = fused_graph([member], NARROW, None)
    for node in graph.graph.node:
        if node.op_type == "Sigmoid":
            node.CopyFrom(helper.make_node("Erf", list(node.input), list(node.output)))
    with pytest.raises(TreesError, match="Erf"):
        read_contributions(
            graph, {member.name: leaf_covers(member.trees)}, {member.name: 1.0}, NARROW
        )


def test_the_shipped_bundle_explains_its_golden_rows() -> None:
    """As the job loads it: from the graph and the covers in the folder."""
    bundle = shipped()
    with np.load(bundle.path / "golden.npz") as golden:
        rows = golden["inputs"]
    contributions = bundle.explainer.contributions
    assert bundle.manifest.calibration is None
    got = [contributions(row).sum() + contributions.base for row in rows]
    np.testing.assert_allclose(got, bundle.scorer.score_columns(rows).probability, atol=1e-5)


def test_covers_are_numbered_as_the_leaves_are() -> None:
    """The mean of the leaves by their covers is the library's own base value."""
    columns = np.random.default_rng(2).normal(size=(500, 3)).astype(np.float32)
    model = XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1)
    model.fit(columns, (columns[:, 0] > 0.7).astype(np.int8))
    found = explained([ExportedMember("m", boosted_trees(model), 1.0)], 3)
    library = model.get_booster().predict(DMatrix(columns[:1]), pred_contribs=True)
    assert found.members[0].base == pytest.approx(library[0, -1], abs=1e-5)
