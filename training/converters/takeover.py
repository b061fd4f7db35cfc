"""Take a converter's graph over: its numbers in the form that a bundle holds, and its faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.bundle.tensors import INPUT
from scoring.model.scorer import open_session
from training.arrays import Floats
from training.converters.convert import Converted, TreeModel, check_convertible, convert
from training.converters.faults import Fault, find_faults
from training.converters.read import read_trees
from training.errors import TrainingError
from training.models.base import ExportedTrees, Model, impute
from training.onnx_graph.graph import Graph

PROBABILITIES = "probabilities"
SAME = 1e-6
"""How far a graph that was written anew may be from the converter's own, by rounding alone."""


@dataclass(frozen=True)
class TakenOver:
    """One model's converted graph, the same trees ready for a bundle, and what is wrong in both.

    ``medians`` float32[k] stand in for missing values, None: each split has a side for them.
    """

    made: Converted
    member: ExportedTrees
    faults: tuple[Fault, ...]
    medians: Floats | None

    def score(self, columns: Floats) -> Floats:
        """Score float32[n, k] with the converter's own graph, float32[n]."""
        session = open_session(self.made.graph.SerializeToString())
        rows = columns if self.medians is None else impute(columns, self.medians)
        (scores,) = session.run([PROBABILITIES], {INPUT: rows})
        return np.asarray(scores[:, 1], dtype=np.float32)

    def rewritten(self, columns: Floats) -> Floats:
        """Score float32[n, k] with the trees in the form of a bundle, float32[n]."""
        graph = Graph()
        self.member.add_to(graph)
        model = graph.model([self.member.name], columns.shape[1])
        (scores,) = open_session(model.SerializeToString()).run(None, {INPUT: columns})
        return np.asarray(scores, dtype=np.float32).reshape(-1)


def take_over(model: Model) -> TakenOver:
    """Convert a fitted model and read the graph back; TrainingError where that cannot be."""
    check_convertible([model.name])
    if not isinstance(model, TreeModel):
        raise TypeError(f"{model.kind} has a convertible name and is none of {TreeModel}")
    made, fitted = convert(model), model.exported().trees
    theirs = read_trees(made.graph, fitted)
    if model.medians is not None:
        theirs = theirs.imputing(model.medians)
    faults = tuple(find_faults(model.name, made, theirs, fitted))
    return TakenOver(made, ExportedTrees(model.name, theirs), faults, model.medians)


def check_rewriting(taken: Sequence[TakenOver], cases: Mapping[str, Floats]) -> None:
    """Raise TrainingError where trees written anew score otherwise than the converter's graph."""
    for one in taken:
        for name, rows in cases.items():
            difference = float(np.abs(one.score(rows) - one.rewritten(rows)).max(initial=0.0))
            if not difference <= SAME:
                raise TrainingError(
                    f"The graph that {one.made.converter} made of {one.member.name} scores the "
                    f"rows of case {name!r} otherwise, by {difference:.3g}, than its trees in a "
                    "bundle do. No bundle was written: use --exporter cardwatch, and report it."
                )


def suspect(taken: Sequence[TakenOver], names: Sequence[str]) -> str:
    """Say which faults of the converters make the models ``names`` differ, and what to do."""
    faults = [fault for one in taken if one.member.name in names for fault in one.faults]
    if not faults:
        return "no known fault of a converter explains it; use --exporter cardwatch, and report it"
    return "; ".join(f"{fault.sentence} ({fault.remedy})" for fault in faults)
