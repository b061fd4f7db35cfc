"""The steps of a graph: the bits of ONNX Runtime, or ONNX Runtime itself."""

from __future__ import annotations

import logging

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import graph_loader as bundle_graph
from scoring.bundle.files import read_arrays
from scoring.bundle.manifest import GOLDEN_FILE
from scoring.bundle.tensors import INPUT, PROBABILITY, Matrix
from scoring.loader import load_bundle
from scoring.model.row_kernel import ROWS
from scoring.model.row_program import PROBES, NotStepsError, RowProgram, differing, read_program
from scoring.model.scorer import Scorer, open_session
from tests.unit.scoring.scene import shipped
from tests.unit.training.samples import every_fit, random_registry
from training.ensemble.combination import even
from training.models.base import Exported
from training.onnx_graph.curve import log_odds_curve
from training.onnx_graph.graph import Graph
from training.onnx_graph.tree_node import lookup_node
from training.packaging.export import fused_graph, member_graph

WITHOUT_STEPS = ("logistic", "isolation_forest")
STEEP = np.array([-1e30, -88.0, -18.0, -17.5, -1e-3, 0.0, 1e-30, 0.5, 17.5, 18.0, 1e30], np.float32)


def steps_of(model: onnx.ModelProto, width: int) -> RowProgram:
    return read_program(model, np.arange(width, dtype=np.int32))


def asked(model: onnx.ModelProto, rows: Matrix) -> Matrix:
    """What ONNX Runtime gives, float32[outputs, n]."""
    found = open_session(model.SerializeToString()).run(None, {INPUT: rows})
    return np.stack([each.reshape(-1) for each in found])


def looked_up(values: Matrix) -> tuple[Graph, Matrix]:
    """A graph whose node "x" gives the i-th value for row i of the inputs, and these inputs."""
    graph = Graph()
    edges = np.arange(1, len(values), dtype=np.float32)
    graph.nodes.append(lookup_node(INPUT, edges, values[:, None], "x"))
    return graph, np.arange(len(values), dtype=np.float32)[:, None]


def bits(values: object) -> list[int]:
    flat: list[int] = np.asarray(values, np.float32).reshape(-1).view(np.int32).tolist()
    return flat


def by_runtime(scorer: Scorer, rows: Matrix) -> Matrix:
    """What the scorer's session gives whole feature vectors, float32[1 + m, n]."""
    scores = scorer.score_columns(scorer.own_columns(rows))
    return np.stack([scores.probability, *scores.models.values()])


def finite_rows() -> Matrix:
    """Golden rows of the shipped bundle without infinite inputs, in the order of its columns."""
    golden = read_arrays(shipped().path / GOLDEN_FILE)["inputs"]
    rows = np.zeros((len(golden), len(shipped().columns)), np.float32)
    places = [shipped().columns.index(name) for name in shipped().manifest.feature_names]
    rows[:, places] = golden
    finite: Matrix = rows[~np.isinf(rows).any(axis=1)]
    return finite


def test_the_shipped_bundle_has_steps_with_the_bits_of_onnx_runtime() -> None:
    scorer, rows = shipped().scorer, finite_rows()
    assert scorer.steps is not None and len(rows) > ROWS
    found, infinite = scorer.steps(rows)
    assert (bits(found), infinite) == (bits(by_runtime(scorer, rows)), 0)


@given(st.data())
def test_infinite_inputs_go_to_onnx_runtime(data: st.DataObject) -> None:
    """Whatever rows of a batch have one, wherever: they and the rows beside them keep the bits."""
    scorer, rows = shipped().scorer, finite_rows().copy()
    places = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, rows.shape[1] - 1))
    marked = data.draw(st.lists(places, min_size=1, max_size=9))
    for row, column in marked:
        rows[row, column] = data.draw(st.sampled_from([np.inf, -np.inf]))
    assert scorer.steps is not None
    assert scorer.steps(rows)[1] == len({row for row, _ in marked})
    assert bits(scorer.outputs(rows)) == bits(by_runtime(scorer, rows))


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_the_logistic_function_has_the_bits_of_onnx_runtime(scale: float) -> None:
    drawn = np.random.default_rng(3).normal(scale=scale, size=8_000).astype(np.float32)
    graph, rows = looked_up(np.concatenate([drawn, STEEP]))
    graph.node("Sigmoid", ["x"], "y")
    model = graph.model(["y"], 1)
    assert bits(steps_of(model, 1).runner()(rows)[0]) == bits(asked(model, rows))


def test_a_curve_has_the_bits_of_onnx_runtime() -> None:
    graph, rows = looked_up(np.linspace(0, 1, 5_001, dtype=np.float32))
    log_odds_curve().add_to(graph, "x", "curve", "y")
    model = graph.model(["y"], 1)
    assert bits(steps_of(model, 1).runner()(rows)[0]) == bits(asked(model, rows))


@pytest.mark.parametrize("member", every_fit().members(), ids=lambda member: member.name)
def test_a_model_has_steps_that_agree_or_none(member: Exported) -> None:
    width = every_fit().width
    model = member_graph(member, width)
    if member.name in WITHOUT_STEPS:
        with pytest.raises(NotStepsError):
            steps_of(model, width)
    else:
        assert differing(steps_of(model, width), lambda rows: asked(model, rows), width) == 0


def test_columns_are_taken_from_their_places_in_the_features() -> None:
    bundle = load_bundle(random_registry() / "ensemble" / "1")
    assert bundle.scorer.steps is not None
    rows = np.random.default_rng(8).normal(size=(50, len(bundle.columns))).astype(np.float32)
    assert bits(bundle.scorer.steps(rows)[0]) == bits(by_runtime(bundle.scorer, rows))


def test_a_wrong_step_is_noticed() -> None:
    width = every_fit().width
    trees = [each for each in every_fit().members() if each.name not in WITHOUT_STEPS]
    model = fused_graph(trees, width, even(len(trees)), None)
    program = steps_of(model, width)
    assert differing(program, lambda rows: asked(model, rows), width) == 0
    program.leaves[np.flatnonzero(program.leaves)[0]] *= np.float32(1.0001)
    assert 0 < differing(program, lambda rows: asked(model, rows), width) <= PROBES


def test_other_bits_keep_onnx_runtime_and_say_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bundle_graph, "differing", lambda *_: 3)
    with caplog.at_level(logging.WARNING):
        scorer = load_bundle(shipped().path).scorer
    assert scorer.steps is None
    assert f"other bits for 3 of {PROBES} rows" in caplog.text
    rows = finite_rows()
    assert bits(scorer.outputs(rows)) == bits(shipped().scorer.outputs(rows))


def test_what_there_are_no_steps_for_is_named() -> None:
    graph = Graph()
    graph.node("Exp", [INPUT], PROBABILITY)
    with pytest.raises(NotStepsError, match="operator Exp of 1 inputs"):
        steps_of(graph.model([PROBABILITY], 1), 1)
    wide = Graph()
    wide.node("Sigmoid", [INPUT], PROBABILITY)
    with pytest.raises(NotStepsError, match="'features' is more than one number a row"):
        steps_of(wide.model([PROBABILITY], 1), 1)
