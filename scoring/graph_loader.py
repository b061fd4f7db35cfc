"""A bundle's graph: read, held against the manifest, and only then given to ONNX Runtime."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from scoring.bundle.files import RESTORE, RETRAIN, BundleError, read_arrays, read_file
from scoring.bundle.graph_check import TreesError, check_graph
from scoring.bundle.graph_numbers import contradictions
from scoring.bundle.manifest import COVERS_FILE, GRAPH_FILE, Manifest
from scoring.bundle.tensors import INPUT, PROBABILITY
from scoring.model.row_program import PROBES, NotStepsError, differing, read_program
from scoring.model.scorer import Scorer, Steps, open_session
from scoring.reasons.contributions import EnsembleContributions, read_contributions

_log = logging.getLogger(__name__)


def read_graph(
    manifest: Manifest, folder: Path, positions: Sequence[int], width: int
) -> tuple[Scorer, EnsembleContributions]:
    """Return what scores with the graph of a folder, and what explains its scores.

    ``positions`` are those of the graph's inputs in a vector of ``width`` values. Raises
    BundleError where the graph is not the manifest's, or must not or cannot run.
    """
    raw = read_file(folder / GRAPH_FILE)
    try:
        graph = onnx.load_from_string(raw)
    except DecodeError as error:
        where = folder / GRAPH_FILE
        raise BundleError("Unreadable graph", where, "an ONNX model", error, RESTORE) from None
    _check_ends(graph, manifest, folder)
    _check_numbers(graph, manifest, folder)
    contributions = _contributions(graph, manifest, folder)
    models = manifest.member_names
    try:
        scorer = Scorer(open_session(raw), positions, width, models)
        scorer.steps = find_steps(graph, scorer, positions, width)
        scorer.score(np.zeros((1, width), np.float32))
    except Exception as error:  # ONNX Runtime's errors have nothing else in common
        where, wanted = folder / GRAPH_FILE, "a graph that ONNX Runtime runs"
        raise BundleError("Unusable graph", where, wanted, error, RETRAIN) from error
    return scorer, contributions


def find_steps(
    graph: onnx.ModelProto, scorer: Scorer, positions: Sequence[int], width: int
) -> Steps | None:
    """Return the graph's steps, None where they have not the session's bits on this machine.

    ``scorer`` scores with the graph's session and has no steps yet.
    """
    try:
        program = read_program(graph, np.array(positions, np.int32))
    except NotStepsError as error:
        _log.info("Payments are scored by ONNX Runtime: the graph has %s.", error)
        return None
    wrong = differing(program, scorer.outputs, width)
    if wrong:
        _log.warning(
            "Payments are scored by ONNX Runtime: compiled steps give other bits for %d of %d "
            "rows on this processor.",
            wrong,
            PROBES,
        )
        return None
    return program.runner()


def _check_ends(graph: onnx.ModelProto, manifest: Manifest, folder: Path) -> None:
    """Refuse a graph whose inputs or outputs are not the manifest's."""
    where = folder / GRAPH_FILE
    wanted = [PROBABILITY, *manifest.member_names]
    got = [output.name for output in graph.graph.output]
    if got != wanted:
        raise BundleError("Wrong outputs of the graph", where, wanted, got, RETRAIN)
    shapes = [(one.name, one.type.tensor_type.shape.dim) for one in graph.graph.input]
    inputs = [(name, [size.dim_value for size in shape[-1:]]) for name, shape in shapes]
    expected = [(INPUT, [len(manifest.features)])]
    if inputs != expected:
        raise BundleError("Wrong inputs of the graph", where, expected, inputs, RETRAIN)


def _check_numbers(graph: onnx.ModelProto, manifest: Manifest, folder: Path) -> None:
    """Refuse a graph whose weights, curves or order of inputs are not the manifest's."""
    where = folder / GRAPH_FILE
    try:
        for wrong in contradictions(graph, manifest):
            wanted, got = f"{wrong.manifest} by the manifest", f"{wrong.graph} in the graph"
            raise BundleError(wrong.what, where, wanted, got, RETRAIN)
    except (TreesError, ValueError, TypeError) as error:
        if isinstance(error, BundleError):
            raise
        wanted = "weights and curves that can be read"
        raise BundleError("Unreadable graph", where, wanted, error, RETRAIN) from error


def _contributions(
    graph: onnx.ModelProto, manifest: Manifest, folder: Path
) -> EnsembleContributions:
    """Return what explains the graph's scores; refuse covers that are not those of its trees."""
    width = len(manifest.features)
    covers = read_arrays(folder / COVERS_FILE)
    weights = {member.name: member.weight for member in manifest.members}
    try:
        check_graph(graph, width)
        return read_contributions(graph, covers, weights, width)
    except TreesError as error:
        wanted = f"trees and covers of each model in {GRAPH_FILE} and {COVERS_FILE}"
        raise BundleError("Reasons cannot be given", folder, wanted, error, RETRAIN) from error
