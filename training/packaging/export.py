"""Write fitted models as ONNX graphs: one fused graph for scoring, one graph for each model."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from scoring.bundle.tensors import PROBABILITY
from training.ensemble.calibration import Calibration
from training.ensemble.combination import Combination
from training.models.base import Exported
from training.onnx_graph.graph import Graph


def fused_graph(
    members: Sequence[Exported],
    width: int,
    combination: Combination,
    calibration: Calibration | None,
) -> onnx.ModelProto:
    """Return the graph float32[n, width] -> probability and each member's score, float32[n, 1]."""
    graph = Graph()
    for member in members:
        member.add_to(graph)
    names = [member.name for member in members]
    if calibration is None:
        combination.add_to(graph, names, PROBABILITY)
    else:
        calibration.add_to(graph, combination.add_to(graph, names, None), PROBABILITY)
    return graph.model([PROBABILITY, *names], width)


def member_graph(member: Exported, width: int) -> onnx.ModelProto:
    """Return one model's own graph float32[n, width] -> its score, float32[n, 1]."""
    graph = Graph()
    member.add_to(graph)
    return graph.model([member.name], width)
