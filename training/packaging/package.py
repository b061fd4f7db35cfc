"""Turn fitted models into the files of a bundle, past the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from onnx import helper

from scoring.bundle.manifest import (
    GRAPH_FILE,
    INPUTS_KEY,
    Exporter,
    Parity,
    Thresholds,
    inputs_sha256,
)
from scoring.graph_loader import find_steps
from scoring.model.scorer import Scorer, Scores, open_session
from training.arrays import Floats
from training.converters.compare import compare_with_converters
from training.converters.takeover import check_rewriting, suspect, take_over
from training.ensemble.fit import FittedEnsemble
from training.models.base import Exported
from training.onnx_graph.tree_node import leaf_covers
from training.packaging.export import fused_graph, member_graph
from training.packaging.gate import (
    TOLERANCE,
    Suspect,
    check_parity,
    gate_cases,
    usual_suspects,
)

GOLDEN_ROWS = 64


@dataclass(frozen=True)
class Package:
    """Serialised graphs by file name, what the gate saw, golden rows float32[m, k] and scores.

    ``covers`` holds for each model with trees the cover of its leaves, float32[leaves].
    ``converters`` says how each model's graph compares with that of skl2onnx or onnxmltools.
    """

    graphs: dict[str, bytes]
    covers: dict[str, Floats]
    parity: Parity
    golden_inputs: Floats
    golden_scores: Scores
    converters: tuple[str, ...]


def member_file(name: str) -> str:
    """Return the file of a model's own graph."""
    return f"{name}.onnx"


def open_scorer(fitted: FittedEnsemble) -> Scorer:
    """Export the fused graph and open it for the columns of the models, in their order.

    It scores as a loaded bundle does: by the graph's steps where there are any.
    """
    graph = fused_graph(fitted.members(), fitted.width, fitted.combination, fitted.calibration)
    names = [model.name for model in fitted.models]
    session = open_session(graph.SerializeToString())
    scorer = Scorer(session, range(fitted.width), fitted.width, names)
    scorer.steps = find_steps(graph, scorer, range(fitted.width), fitted.width)
    return scorer


def package(
    fitted: FittedEnsemble,
    names: Sequence[str],
    thresholds: Thresholds,
    held_out: Floats,
    seed: int,
    exporter: Exporter = "cardwatch",
) -> Package:
    """Export the graphs, gate the fused one on held-out rows float32[n, k], draw golden rows.

    ``names`` are those of the k columns: the fused graph carries their digest. ``exporter`` says
    who makes the models' graphs: we, or skl2onnx and onnxmltools.
    Raises TrainingError where the gate fails, a converter's graph cannot be taken over, or ours
    differs from a converter's by none of its known faults.
    """
    cases = gate_cases(held_out, fitted.members(), seed)
    members, suspects = _members(fitted, cases, exporter)
    width = fitted.width
    graph = fused_graph(members, width, fitted.combination, fitted.calibration)
    helper.set_model_props(graph, {INPUTS_KEY: inputs_sha256(names)})
    fused = graph.SerializeToString()
    scorer = Scorer(open_session(fused), range(width), width, [member.name for member in members])
    parity = check_parity(fitted.predict, fitted.finish, scorer, cases, thresholds, suspects)
    compared: tuple[str, ...] = ()
    if exporter == "cardwatch":
        compared = tuple(compare_with_converters(fitted.models, scorer, cases, TOLERANCE))
    graphs = {GRAPH_FILE: fused}
    for member in members:
        graphs[member_file(member.name)] = member_graph(member, width).SerializeToString()
    share = GOLDEN_ROWS // len(cases)
    golden = np.concatenate([rows[:share] for rows in cases.values()])
    covers = {each.name: leaf_covers(each.trees) for each in members if each.trees is not None}
    return Package(graphs, covers, parity, golden, scorer.score_columns(golden), compared)


def _members(
    fitted: FittedEnsemble, cases: dict[str, Floats], exporter: Exporter
) -> tuple[Sequence[Exported], Suspect]:
    """Return the models as an exporter gives them, and who says why they may differ."""
    if exporter == "cardwatch":
        return fitted.members(), usual_suspects
    taken = [take_over(model) for model in fitted.models]
    check_rewriting(taken, cases)
    return [one.member for one in taken], partial(suspect, taken)
