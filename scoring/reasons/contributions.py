"""Contribution of each feature to each model's score: exact Shapley values of the trees.

Trees are read from the bundle's graph, so what is explained is what scores. The contributions of a
model are in the units of its sum of trees, which for XGBoost are log-odds, and add up to that sum
less its mean over the training data. To add models up, a model's contributions are multiplied by
one factor that makes them add up to its score instead: see docs/adr/0014-contributions.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper

from scoring.bundle.graph_check import ML_DOMAIN, TreesError
from scoring.reasons.tree_kernel import LANES, Doubles, FlatTrees, add_shapley_values
from scoring.reasons.tree_reader import Floats, ReadTrees, read_trees

TREES_SUFFIX: Final = "_trees"
_FLAT: Final = 1e-9
"""A margin this near to the base is taken to be at it: there the factor is the slope."""

_LARGEST_EXPONENT: Final = 709.0

Link = Callable[[float], float]


class Parts(NamedTuple):
    """One model's contributions, float64[k], and the base value that they come on top of."""

    contributions: Doubles
    base: float

    @property
    def margin(self) -> float:
        """The model's sum of trees for this row: log-odds, or what its leaves hold."""
        return float(self.contributions.sum()) + self.base


@dataclass(frozen=True)
class MemberContributions:
    """Computation of one model's contributions.

    ``link`` turns a margin into the model's score. A model without trees has none of these and
    gets no contributions; one for linear models would offer the same two methods.
    """

    name: str
    weight: float
    link: Link
    base: float
    strict: bool
    flat: FlatTrees
    points: Doubles

    def parts(self, row: Floats) -> Parts:
        """Return the contributions to the margin for a row float32[k] of the graph's inputs."""
        out = np.zeros(len(row))
        add_shapley_values(row, self.flat, self.strict, self.points, out)
        return Parts(out, self.base)

    def factor(self, parts: Parts) -> float:
        """Return what makes contributions add up to the score less the score at the base."""
        margin = parts.margin
        moved = margin - parts.base
        if abs(moved) < _FLAT:
            step = 1e-4
            return (self.link(parts.base + step) - self.link(parts.base - step)) / (2 * step)
        return (self.link(margin) - self.link(parts.base)) / moved


class EnsembleContributions:
    """The contributions of every model with trees, and of all of them together."""

    def __init__(self, members: Sequence[MemberContributions], width: int) -> None:
        self.members = tuple(members)
        self._width = width

    def __call__(self, row: Floats) -> Doubles:
        """Return float64[k]: what each input of the graph adds to the weighted average of scores.

        They add up to the ensemble's average, before calibration, less that at the bases; of
        models without trees nothing is in it.
        """
        total = np.zeros(self._width)
        for member in self.members:
            if not member.weight:
                continue
            parts = member.parts(row)
            total += (member.weight * member.factor(parts)) * parts.contributions
        return total

    @property
    def base(self) -> float:
        """The weighted average of the scores at the models' bases."""
        return sum(member.weight * member.link(member.base) for member in self.members)


def read_contributions(
    graph: onnx.ModelProto, covers: Mapping[str, Floats], weights: Mapping[str, float], width: int
) -> EnsembleContributions:
    """Return what explains a fused graph of ``width`` inputs.

    ``covers`` holds float32[leaves] and ``weights`` the weight for each model by name; a model's
    trees are the TreeEnsemble node ``NAME_trees``. The kernel is compiled here, or loaded from
    the cache, so that the first alert does not wait. Raises TreesError where covers are missing
    or not those of the trees, or behind the trees is something that cannot be followed.
    """
    nodes = {node.name: node for node in graph.graph.node if node.domain == ML_DOMAIN}
    members = []
    for name, weight in weights.items():
        node = nodes.get(f"{name}{TREES_SUFFIX}")
        if node is None:
            continue
        if name not in covers:
            raise TreesError(f"no covers for {name}, but for {sorted(covers)}")
        members.append(_member(graph, name, weight, read_trees(node, covers[name], width), node))
    found = EnsembleContributions(members, width)
    found(np.zeros(width, np.float32))
    return found


def _member(
    graph: onnx.ModelProto, name: str, weight: float, trees: ReadTrees, node: onnx.NodeProto
) -> MemberContributions:
    """Return one model's part; its base takes in what is added right behind the trees."""
    steps = _steps_behind(graph, node.output[0], name)
    base = trees.expected
    while steps and steps[0][0] == "Add":
        base += steps.pop(0)[1]
    return MemberContributions(
        name=name,
        weight=weight,
        link=_link(steps),
        base=base,
        strict=trees.strict,
        flat=trees.flat,
        points=quadrature(trees.columns_on_path),
    )


def quadrature(columns: int) -> Doubles:
    """Return float64[vectors, 3, LANES] for paths of up to ``columns`` different columns.

    Of each point t, 1 - t and its weight; the points are those of Gauss and Legendre for
    polynomials of a degree below ``columns``, filled up with points of no weight.
    """
    places, weights = np.polynomial.legendre.leggauss(max(1, -(-columns // 2)))
    made = np.full((3, -(-len(places) // LANES) * LANES), 0.5)
    made[2] = 0.0
    made[:, : len(places)] = (1 + places) / 2, (1 - places) / 2, weights / 2
    return np.ascontiguousarray(made.reshape(3, -1, LANES).transpose(1, 0, 2))


Step = tuple[str, float]


def _steps_behind(graph: onnx.ModelProto, output: str, name: str) -> list[Step]:
    """Return the operators between the trees and the model's score, each with its constant.

    A curve behind them, which only stretches an isolation forest's score, ends the way.
    """
    constants = {one.name: one for one in graph.graph.initializer}
    steps: list[Step] = []
    while output != name:
        if len(steps) > len(graph.graph.node):
            raise TreesError(f"what is behind the trees of {name} leads back to itself")
        users = [node for node in graph.graph.node if output in node.input]
        if any(node.name == f"{name}_curve_pieces" for node in users):
            break
        if len(users) != 1 or users[0].op_type not in _OPERATORS:
            found = [node.op_type for node in users]
            raise TreesError(f"behind the trees of {name} is {found}, not one of {[*_OPERATORS]}")
        others = [one for one in users[0].input if one != output]
        if not constants.keys() >= set(others):
            raise TreesError(f"behind the trees of {name} is more than numbers: {users[0].name}")
        steps.append((users[0].op_type, _constant(constants, others, name)))
        output = users[0].output[0]
    return steps


def _constant(constants: Mapping[str, onnx.TensorProto], names: Sequence[str], model: str) -> float:
    """Return the one number that an operator behind a model's trees has, NaN for none."""
    if not names:
        return math.nan
    value = numpy_helper.to_array(constants[names[0]])
    if value.size != 1 or value.dtype.kind != "f" or len(names) > 1:
        raise TreesError(f"behind the trees of {model} is more than one number: {list(names)}")
    return float(value.item())


def _exp(value: float, _: float) -> float:
    """Return the exponential, the largest float where it is beyond."""
    return math.exp(min(value, _LARGEST_EXPONENT))


def _sigmoid(value: float, _: float) -> float:
    if value < 0:
        grown = math.exp(value)
        return grown / (1.0 + grown)
    return 1.0 / (1.0 + math.exp(-value))


_OPERATORS: Final[dict[str, Callable[[float, float], float]]] = {
    "Add": lambda value, constant: value + constant,
    "Mul": lambda value, constant: value * constant,
    "Sigmoid": _sigmoid,
    "Exp": _exp,
}


def _link(steps: Sequence[Step]) -> Link:
    """Return the operators as one function."""

    def link(margin: float) -> float:
        for operator, constant in steps:
            margin = _OPERATORS[operator](margin, constant)
        return margin

    return link
