"""Turn fitted models into the files of a bundle, past the gate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.export import fused_graph, leaf_covers, member_graph
from training.fit import BOOSTED, FOREST, FittedEnsemble
from training.gate import check_parity, gate_cases
from training.trees import Floats
from udfs.manifest import GRAPH_FILE, Parity, Thresholds
from udfs.score import Scorer, Scores, open_session

GOLDEN_ROWS = 64
MEMBER_FILES = {FOREST: "random_forest.onnx", BOOSTED: "xgboost.onnx"}


@dataclass(frozen=True)
class Package:
    """Serialised graphs by file name, what the gate saw, golden rows float32[m, k] and scores.

    ``covers`` holds for each model with trees the cover of its leaves, float32[leaves].
    """

    graphs: dict[str, bytes]
    covers: dict[str, Floats]
    parity: Parity
    golden_inputs: Floats
    golden_scores: Scores


def package(fitted: FittedEnsemble, thresholds: Thresholds, held_out: Floats, seed: int) -> Package:
    """Export the graphs, gate the fused one on held-out rows float32[n, k], draw golden rows.

    Raises TrainingError where the gate fails.
    """
    members = fitted.members()
    width = held_out.shape[1]
    fused = fused_graph(members, width, fitted.scaling).SerializeToString()
    names = [member.name for member in members]
    scorer = Scorer(open_session(fused), range(width), width, names)
    cases = gate_cases(held_out, [member.trees for member in members], seed)
    parity = check_parity(fitted.predict, scorer, cases, thresholds)
    graphs = {GRAPH_FILE: fused}
    for member in members:
        graph = member_graph(member, width)
        graphs[MEMBER_FILES[member.name]] = graph.SerializeToString()
    share = GOLDEN_ROWS // len(cases)
    golden = np.concatenate([rows[:share] for rows in cases.values()])
    covers = {member.name: leaf_covers(member.trees) for member in members}
    return Package(graphs, covers, parity, golden, scorer.score_columns(golden))
