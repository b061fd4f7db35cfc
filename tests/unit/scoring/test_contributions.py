"""Contributions are the Shapley values of the exported trees, and add up to what was scored."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import onnx
import pytest
from onnx import helper
from sklearn.ensemble import RandomForestClassifier
from xgboost import Booster, DMatrix, XGBClassifier

from scoring.bundle.graph_check import TreesError
from scoring.model.scorer import Scorer, open_session
from scoring.reasons.contributions import EnsembleContributions, Parts, read_contributions
from tests.unit.scoring.scene import shipped
from tests.unit.training.samples import NARROW, classes, floats, narrow_history, random_fit
from training.arrays import Floats
from training.ensemble.combination import even
from training.ensemble.fit import FittedEnsemble
from training.fit_settings import BOOSTED, FOREST
from training.models.base import Exported, ExportedTrees
from training.models.random_forest import RandomForest
from training.models.xgboost import Boosted
from training.onnx_graph.tree_node import leaf_covers
from training.onnx_graph.trees import Tree, Trees, boosted_trees, forest_trees
from training.packaging.export import fused_graph
from training.packaging.gate import gate_cases


def graph_of(members: Sequence[Exported], width: int) -> onnx.ModelProto:
    """Return the graph of members that count the same."""
    return fused_graph(members, width, even(len(members)), None)


def covers_of(member: Exported) -> Floats:
    assert member.trees is not None
    return leaf_covers(member.trees)


def explained(members: Sequence[Exported], width: int) -> EnsembleContributions:
    """Read the contributions back from the members' exported graph."""
    return read_contributions(
        graph_of(members, width),
        {member.name: covers_of(member) for member in members},
        {member.name: 1 / len(members) for member in members},
        width,
    )


def libraries() -> tuple[RandomForestClassifier, Booster]:
    """The fitted models as their libraries have them."""
    forest, boosted = fitted()[0].models
    assert isinstance(forest, RandomForest) and isinstance(boosted, Boosted)
    return forest.forest, boosted.booster.get_booster()


@cache
def fitted() -> tuple[FittedEnsemble, EnsembleContributions]:
    """A fitted ensemble and what explains it."""
    return random_fit(), explained(random_fit().members(), NARROW)


@cache
def cases() -> dict[str, Floats]:
    """Rows of the history, rows at and beside the splits, rows with missing values, and others."""
    found = gate_cases(narrow_history().features, fitted()[0].members(), 3)
    return {name: rows[:150] for name, rows in found.items()}


def parts(contributions: EnsembleContributions, name: str, row: Floats) -> Parts:
    """Return one model's own contributions, in the units of its trees."""
    (found,) = (member for member in contributions.members if member.name == name)
    return found.parts(row)


def parts_of(name: str, rows: Floats) -> list[Parts]:
    return [parts(fitted()[1], name, row) for row in rows]


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
    native, booster = libraries()
    with np.errstate(all="ignore"):
        forest = native.predict_proba(rows)[:, 1]
    boosted = booster.predict(DMatrix(rows), output_margin=True)
    for name, margins in ((FOREST, forest), (BOOSTED, boosted)):
        got = [parts.margin for parts in parts_of(name, rows)]
        np.testing.assert_allclose(got, margins, atol=1e-5, rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_contributions_add_up_to_the_average_that_the_graph_scores(case: str) -> None:
    rows = cases()[case]
    ensemble, contributions = fitted()
    members = ensemble.members()
    graph = graph_of(members, NARROW).SerializeToString()
    scorer = Scorer(open_session(graph), range(NARROW), NARROW, [m.name for m in members])
    got = [contributions(row).sum() + contributions.base for row in rows]
    np.testing.assert_allclose(got, scorer.score_columns(rows).probability, atol=1e-5)


@pytest.mark.parametrize("case", ["held_out", "at_split", "missing"])
def test_xgboosts_contributions_are_those_of_the_library(case: str) -> None:
    rows = cases()[case]
    _, booster = libraries()
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
    cover = float(tree.cover[left])
    share = cover / (cover + float(tree.cover[right]))
    rest = expectation(tree, row, known, right)
    return share * expectation(tree, row, known, left) + (1 - share) * rest


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
    contributions = explained([ExportedTrees("forest", trees)], 5)
    for row in columns[:8]:
        expected = brute_force(trees, row)
        got = parts(contributions, "forest", row).contributions
        np.testing.assert_allclose(got, expected, atol=1e-7)


def chain_of(columns: Sequence[int], seed: int) -> Tree:
    """A tree of tests one below the other, at splits of their own, with a leaf beside each."""
    random, depth = np.random.default_rng(seed), len(columns)
    at, none = np.arange(depth), np.full(depth + 1, -1)
    cover = np.concatenate([np.zeros(depth), random.integers(1, 9, depth + 1)])
    for node in reversed(range(depth)):
        cover[node] = cover[node + depth] + cover[node + 1 if node + 1 < depth else -1]
    return Tree(
        feature=np.concatenate([columns, none - 1]),
        threshold=random.normal(size=2 * depth + 1).astype(np.float32),
        left=np.concatenate([at + depth, none]),
        right=np.concatenate([at[1:], [2 * depth], none]),
        missing_left=random.random(2 * depth + 1) < 0.5,
        value=random.normal(size=2 * depth + 1).astype(np.float32),
        cover=cover.astype(np.float32),
    )


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param([0, 0, 0, 0, 0], id="one column, which is all or nothing"),
        pytest.param([0, 1, 0, 2, 1, 0, 0], id="columns tested again"),
        pytest.param([4, 3, 2, 1, 0, 5, 6, 7, 8], id="nine columns: five points, two vectors"),
    ],
)
def test_a_chain_of_tests_has_shapleys_values_by_definition(columns: list[int]) -> None:
    """Both kinds of test, with missing and infinite values on either side of a split."""
    width = max(columns) + 1
    trees = Trees((chain_of(columns, 1),), strict=False, base=0.0, logistic=False)
    contributions = explained([ExportedTrees("m", trees)], width)
    random = np.random.default_rng(2)
    rows = random.normal(size=(3, width)).astype(np.float32)
    rows[1, ::2], rows[2, ::3], rows[2, 1::3] = np.nan, np.inf, -np.inf
    for row in rows:
        got = parts(contributions, "m", row).contributions
        np.testing.assert_allclose(got, brute_force(trees, row), atol=1e-12)


def test_a_deep_tree_needs_more_points_and_stays_exact() -> None:
    """Forty columns one below the other: 20 points in five vectors."""
    depth = 40
    columns = np.random.default_rng(0).normal(size=(2_000, depth)).astype(np.float32)
    chain = chain_of(range(depth), 0)
    trees = Trees((chain,), strict=False, base=0.0, logistic=False)
    contributions = explained([ExportedTrees("m", trees)], depth)
    for row in columns[:20]:
        found = parts(contributions, "m", row)
        known = expectation(chain, row, frozenset(range(depth)))
        assert found.margin == pytest.approx(known, abs=1e-9)
    opposite = parts(contributions, "m", -columns[0])
    assert opposite.contributions[0] != parts(contributions, "m", columns[0]).contributions[0]


def test_a_tree_without_split_moves_nothing() -> None:
    columns, targets = np.zeros((100, 2), np.float32), np.repeat(classes([0, 1]), 50)
    forest = RandomForestClassifier(2, random_state=0).fit(columns, targets)
    contributions = explained([ExportedTrees("m", forest_trees(forest))], 2)
    found = parts(contributions, "m", columns[0])
    assert found.base == pytest.approx(forest.predict_proba(columns[:1])[0, 1], abs=1e-6)
    np.testing.assert_allclose(found.contributions, 0.0, atol=1e-12)


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
    member = ExportedTrees("m", Trees(tuple(trees), strict=True, base=0.3, logistic=True))
    found = explained([member], 2)(floats([1, 1]))
    score = 1 / (1 + math.exp(-0.3))
    np.testing.assert_allclose(found, [score * (1 - score), -score * (1 - score)], atol=1e-6)


def test_a_model_without_trees_is_left_out() -> None:
    """Its share of the score is in no contribution."""
    member = next(one for one in fitted()[0].members() if one.name == FOREST)
    covers = {FOREST: covers_of(member)}
    graph = graph_of([member], NARROW)
    found = read_contributions(graph, covers, {FOREST: 0.5, "linear": 0.5}, NARROW)
    assert [one.name for one in found.members] == [FOREST]


@pytest.mark.parametrize("seeded", ["none", "short", "zero"])
def test_covers_that_are_not_those_of_the_trees_are_refused(seeded: str) -> None:
    member = fitted()[0].members()[0]
    covers = covers_of(member)
    wrong = {
        "none": {},
        "short": {member.name: covers[1:]},
        "zero": {member.name: np.where(np.arange(len(covers)) == 3, 0, covers).astype(np.float32)},
    }
    graph = graph_of([member], NARROW)
    with pytest.raises(TreesError, match="covers"):
        read_contributions(graph, wrong[seeded], {member.name: 1.0}, NARROW)


def test_what_cannot_be_followed_behind_the_trees_is_named() -> None:
    member = next(one for one in fitted()[0].members() if one.name == BOOSTED)
    graph: onnx.ModelProto = graph_of([member], NARROW)
    for node in graph.graph.node:
        if node.op_type == "Sigmoid":
            node.CopyFrom(helper.make_node("Erf", list(node.input), list(node.output)))
    with pytest.raises(TreesError, match="Erf"):
        read_contributions(graph, {member.name: covers_of(member)}, {member.name: 1.0}, NARROW)


def test_the_shipped_bundle_explains_its_golden_rows() -> None:
    """As the job loads it: from the graph and the covers in the folder."""
    bundle = shipped()
    with np.load(bundle.path / "golden.npz") as golden:
        rows = golden["inputs"]
    contributions = bundle.explainer.contributions
    scores = bundle.scorer.score_columns(rows).models
    average = sum(member.weight * scores[member.name] for member in bundle.manifest.members)
    got = [contributions(row).sum() + contributions.base for row in rows]
    np.testing.assert_allclose(got, average, atol=1e-5)


def test_covers_are_numbered_as_the_leaves_are() -> None:
    """The mean of the leaves by their covers is the library's own base value."""
    columns = np.random.default_rng(2).normal(size=(500, 3)).astype(np.float32)
    model = XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1)
    model.fit(columns, (columns[:, 0] > 0.7).astype(np.int8))
    found = explained([ExportedTrees("m", boosted_trees(model))], 3)
    library = model.get_booster().predict(DMatrix(columns[:1]), pred_contribs=True)
    assert found.members[0].base == pytest.approx(library[0, -1], abs=1e-5)
