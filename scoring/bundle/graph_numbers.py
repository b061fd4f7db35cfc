"""Weights, curves and the order of inputs as a fused graph holds them, against its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from scoring.bundle.graph_check import tree_attributes
from scoring.bundle.manifest import FIRST_SEALED, INPUTS_KEY, Manifest

Floats = npt.NDArray[np.float32]

SLOPE_TOLERANCE: Final = 1e-5
"""A graph holds the rounded slope of each piece, a manifest the points."""

_SIGMOID: Final = ("calibration_slope", "calibration_intercept")
_CALIBRATION: Final = "calibration_pieces"


class Contradiction(NamedTuple):
    """One number of the graph that is not the manifest's."""

    what: str
    manifest: object
    graph: object


def contradictions(graph: onnx.ModelProto, manifest: Manifest) -> Iterator[Contradiction]:
    """Yield what the manifest says otherwise than the graph; TreesError for unreadable trees."""
    found = _Numbers(graph)
    inputs = {one.key: one.value for one in graph.metadata_props}.get(INPUTS_KEY)
    told = inputs is not None or manifest.format_version >= FIRST_SEALED
    if told and inputs != manifest.inputs_sha256:
        yield Contradiction("Another order of inputs", manifest.inputs_sha256, inputs)
    yield from _combination(found, manifest)
    yield from _calibration(found, manifest)


def _combination(found: _Numbers, manifest: Manifest) -> Iterator[Contradiction]:
    """Yield weights, slopes and ranks that differ."""
    names = manifest.member_names
    parameters = manifest.combination.parameters
    match manifest.combination.method:
        case "weighted":
            weights = [member.weight for member in manifest.members]
            yield from found.differing("weights", weights, [f"{name}_weight" for name in names])
        case "stacking":
            told = [*parameters.get("slopes", []), *parameters.get("intercept", [])]
            constants = [*(f"{name}_slope" for name in names), "stack_intercept"]
            yield from found.differing("stacking", told, constants)
        case "rank":
            for place, name in enumerate(names):
                x, y = (parameters.get(f"{place}_{axis}", []) for axis in "xy")
                yield from found.other_curve(f"rank of {name}", f"{name}_rank_pieces", x, y)


def _calibration(found: _Numbers, manifest: Manifest) -> Iterator[Contradiction]:
    """Yield a calibration that differs, or that one of the two lacks."""
    told = manifest.calibration
    method = None if told is None else told.method
    graph_method = found.calibration()
    if method != graph_method:
        yield Contradiction("Another calibration", method, graph_method)
    elif told is not None and method == "sigmoid":
        numbers = [*told.parameters.get("slope", []), *told.parameters.get("intercept", [])]
        yield from found.differing("calibration", numbers, _SIGMOID)
    elif told is not None:
        x, y = (told.parameters.get(axis, []) for axis in "xy")
        yield from found.other_curve("calibration", _CALIBRATION, x, y)


class _Numbers:
    """The constants and lookup trees of a graph, by name; unused ones are none."""

    def __init__(self, graph: onnx.ModelProto) -> None:
        used = {name for node in graph.graph.node for name in node.input}
        self._constants = {one.name: one for one in graph.graph.initializer if one.name in used}
        self._nodes = {node.name: node for node in graph.graph.node}

    def calibration(self) -> str | None:
        """Return the method of the graph's calibration, None where it has none."""
        if _CALIBRATION in self._nodes:
            return "isotonic"
        return "sigmoid" if _SIGMOID[0] in self._constants else None

    def differing(
        self, what: str, told: Sequence[float], constants: Sequence[str]
    ) -> Iterator[Contradiction]:
        """Yield a contradiction where constants are not the float32 of what is told."""
        got = [self._constant(name) for name in constants]
        if got != [_float32(number) for number in told]:
            yield Contradiction(f"Other {what}", list(told), got)

    def other_curve(
        self, what: str, node: str, x: Sequence[float], y: Sequence[float]
    ) -> Iterator[Contradiction]:
        """Yield a contradiction where a curve through points is not the node's table."""
        told, got = _table(x, y), self._lookup(node)
        if told is None or got is None or not _same(told, got):
            yield Contradiction(f"Another {what}", _pieces(told), _pieces(got))

    def _constant(self, name: str) -> float | None:
        """Return a constant of one number, None where there is none."""
        tensor = self._constants.get(name)
        value = None if tensor is None else numpy_helper.to_array(tensor)
        return None if value is None or value.size != 1 else _float32(float(value.item()))

    def _lookup(self, name: str) -> Floats | None:
        """Return the table of a lookup node in the form of `_table`, None where there is none."""
        node = self._nodes.get(name)
        if node is None:
            return None
        given: dict[str, npt.NDArray[Any]] = tree_attributes(node)
        targets, leaves = given["leaf_targetids"], given["leaf_weights"]
        rows = [np.sort(leaves[targets == place]) for place in range(3)]
        if len({len(row) for row in rows}) != 1:
            return None
        table: Floats = np.array(rows, dtype=np.float32)
        one_piece = table.shape[1] == 2 and (table[:, 0] == table[:, 1]).all()
        return table[:, :1] if one_piece else table


def _table(x: Sequence[float], y: Sequence[float]) -> Floats | None:
    """Return the starts, slopes and levels of a curve's pieces, float32[3, m], each sorted."""
    if len(x) != len(y) or len(x) < 2 or min(np.diff(x)) <= 0:
        return None
    slopes = np.sort(np.diff(y) / np.diff(x))
    return np.array([x[:-1], slopes, y[:-1]], dtype=np.float32)


def _same(told: Floats, got: Floats) -> bool:
    """Say whether two tables are the same but for the rounding of slopes."""
    return told.shape == got.shape and np.allclose(told, got, rtol=SLOPE_TOLERANCE, atol=0)


def _float32(number: float) -> float:
    return float(np.float32(number))


def _pieces(table: Floats | None) -> str:
    """Describe a curve by its pieces."""
    if table is None:
        return "no curve"
    starts, slopes, levels = table[:, :3].tolist()
    return f"{table.shape[1]} pieces from {starts} at {levels}, slopes {slopes}"
