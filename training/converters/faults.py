"""The known faults of the converters, found by comparing their numbers with the fitted model's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training.converters.convert import Converted
from training.onnx_graph.trees import Tree, Trees

MISSING: Final = "missing_side"
ROUNDED: Final = "rounded_threshold"
BASE: Final = "base_score"
UNKNOWN: Final = "unknown"

REMEDIES: Final = {
    MISSING: "set `missing` to `median` in --settings FILE, or use --exporter cardwatch",
    ROUNDED: "leave the model out with --models, or use --exporter cardwatch",
    BASE: "use --exporter cardwatch",
    UNKNOWN: "use --exporter cardwatch, and report the difference",
}
"""What to do about each fault."""

_SAME: Final = 1e-6


@dataclass(frozen=True)
class Fault:
    """One fault in one model's converted graph: its kind, and the sentence that says it."""

    kind: str
    sentence: str

    @property
    def remedy(self) -> str:
        """Remedy that a user has against the fault."""
        return REMEDIES[self.kind]


def find_faults(name: str, made: Converted, theirs: Trees, fitted: Trees) -> Iterator[Fault]:
    """Yield what the converter's trees of the model ``name`` say otherwise than the fitted ones.

    Both have the same nodes in the same order, as `read_trees` returns them.
    """
    pairs = list(zip(theirs.trees, fitted.trees, strict=True))
    splits = sum(int((own.left >= 0).sum()) for _, own in pairs)
    missing = sum(_differing(one.missing_left, own.missing_left, own) for one, own in pairs)
    if missing:
        yield Fault(
            MISSING,
            f"{made.converter} sends missing values to another side than {made.library} at "
            f"{missing:,} of {splits:,} splits of {name}",
        )
    rounded = sum(_differing(one.threshold, own.threshold, own) for one, own in pairs)
    if rounded:
        yield Fault(
            ROUNDED,
            f"{made.converter} rounds {rounded:,} of {splits:,} thresholds of {name} up, so that "
            "a payment at the threshold goes to the other side",
        )
    if not np.isclose(theirs.base, fitted.base, rtol=_SAME, atol=_SAME):
        yield Fault(
            BASE,
            f"{made.converter} gives {name} the base score {theirs.base:.6g}, and the one in "
            f"{made.library} is {fitted.base:.6g} (as log-odds)",
        )
    if theirs.strict != fitted.strict or any(_others_differ(one, own) for one, own in pairs):
        yield Fault(
            UNKNOWN,
            f"{made.converter} writes other leaves or other tests of {name} than {made.library} "
            "has",
        )


def _differing(theirs: npt.NDArray[Any], fitted: npt.NDArray[Any], own: Tree) -> int:
    """Return at how many tests two arrays over the nodes differ."""
    return int((theirs != fitted)[own.left >= 0].sum())


def _others_differ(one: Tree, own: Tree) -> bool:
    """Say whether columns or leaves differ, which no known fault explains."""
    inner = own.left >= 0
    return bool(
        (one.feature != own.feature)[inner].any()
        or not np.allclose(one.value[~inner], own.value[~inner], rtol=_SAME, atol=1e-8)
    )
