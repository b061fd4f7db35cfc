"""The gate compares our graph with the converters', and knows their faults from ours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.model.scorer import Scorer, open_session
from tests.unit.training.samples import NARROW, every_fit, narrow_history
from training.arrays import Floats
from training.converters import convert
from training.converters.compare import compare_with_converters
from training.errors import TrainingError
from training.fit_settings import BOOSTED, FOREST, ISOLATION, LIGHT, LOGISTIC
from training.models.base import Exported, ExportedTrees
from training.onnx_graph.trees import Trees
from training.packaging.export import fused_graph
from training.packaging.gate import TOLERANCE, gate_cases
from training.packaging.package import open_scorer


def cases() -> dict[str, Floats]:
    return gate_cases(narrow_history().features, every_fit().members(), seed=1)


def compared(scorer: Scorer, *names: str) -> list[str]:
    models = [model for model in every_fit().models if model.name in names]
    return list(compare_with_converters(models, scorer, cases(), TOLERANCE))


def changed(name: str, trees: Trees) -> Scorer:
    """Open a graph in which one model has other trees."""
    members: list[Exported] = [
        ExportedTrees(name, trees) if member.name == name else member
        for member in every_fit().members()
    ]
    graph = fused_graph(members, NARROW, every_fit().combination, None)
    names = [member.name for member in members]
    return Scorer(open_session(graph.SerializeToString()), range(NARROW), NARROW, names)


def trees_of(name: str) -> Trees:
    (trees,) = (member.trees for member in every_fit().members() if member.name == name)
    assert trees is not None
    return trees


def test_each_model_of_trees_has_a_line_that_names_the_fault() -> None:
    lines = dict(line.split(": ", 1) for line in compared(open_scorer(every_fit()), *every_names()))
    assert set(lines) == {FOREST, BOOSTED, LIGHT}
    assert lines[BOOSTED].startswith("onnxmltools 1.16.0 gives the same scores on ")
    assert "sends missing values to another side than scikit-learn" in lines[FOREST]
    assert "thresholds of lightgbm up" in lines[LIGHT]


def every_names() -> tuple[str, ...]:
    return (FOREST, BOOSTED, LIGHT, LOGISTIC, ISOLATION)


@pytest.mark.parametrize(
    ("name", "words"),
    [(BOOSTED, "no known fault of the converter"), (FOREST, "without a missing value")],
)
def test_a_difference_that_is_no_known_fault_is_refused(name: str, words: str) -> None:
    """One leaf of our graph is off, where the converter has no fault or that of missing values."""
    trees = trees_of(name)
    first = replace(trees.trees[0], value=trees.trees[0].value + np.float32(0.05))
    scorer = changed(name, replace(trees, trees=(first, *trees.trees[1:])))
    with pytest.raises(TrainingError, match=words):
        compared(scorer, name)


def test_nothing_is_compared_without_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "PACKAGES", ("skl2onnx", "no_such_package"))
    assert compared(open_scorer(every_fit()), *every_names()) == []
