"""Our graph beside those of skl2onnx and onnxmltools, in the gate of every bundle.

A difference has to be one of the converters' known faults; any other may be a fault of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from events.errors import one_line
from scoring.model.scorer import Scorer
from training.arrays import Floats
from training.converters.convert import convertible
from training.converters.faults import MISSING, UNKNOWN
from training.converters.takeover import TakenOver, take_over
from training.errors import TrainingError
from training.models.base import Model


def compare_with_converters(
    models: Sequence[Model], scorer: Scorer, cases: Mapping[str, Floats], tolerance: float
) -> Iterator[str]:
    """Yield a line for each model of trees: the converter's graph scores alike, or why not.

    Nothing is yielded for a model that has no converter here, or whose package is missing.
    Raises TrainingError for a difference that no known fault explains.
    """
    for model in convertible(models):
        try:
            taken = take_over(model)
        except Exception as error:  # what a converter cannot convert is no fault of ours
            why = one_line(str(error), 300)
            yield f"{model.name}: no graph of a converter to compare with ({why})"
            continue
        apart, rows = _differing(taken, scorer, cases, tolerance)
        name, made = model.name, taken.made.converter
        if any(fault.kind == UNKNOWN for fault in taken.faults) or (apart and not taken.faults):
            raise TrainingError(
                f"The graph of {name} differs from that of {made} in {apart:,} of {rows:,} rows, "
                "and no known fault of the converter explains it. No bundle was written: look at "
                "the export of the trees."
            )
        if taken.faults:
            why = "; ".join(fault.sentence for fault in taken.faults)
            yield f"{name}: {apart:,} of {rows:,} rows get another score by {made}, since {why}"
        else:
            yield f"{name}: {made} gives the same scores on {rows:,} rows"


def _differing(
    taken: TakenOver, scorer: Scorer, cases: Mapping[str, Floats], tolerance: float
) -> tuple[int, int]:
    """Return in how many rows the scores differ, and how many rows there are.

    Where missing values alone go another way, a difference in a row without one is none of that
    fault: TrainingError.
    """
    apart = 0
    for name, rows in cases.items():
        ours = scorer.score_columns(rows).models[taken.member.name]
        differ: npt.NDArray[np.bool_] = ~(np.abs(taken.score(rows) - ours) <= tolerance)
        whole = differ & ~np.isnan(rows).any(axis=1)
        if whole.any() and [fault.kind for fault in taken.faults] == [MISSING]:
            raise TrainingError(
                f"The graph of {taken.member.name} differs from that of {taken.made.converter} in "
                f"{int(whole.sum()):,} rows of case {name!r} without a missing value. No known "
                "fault explains that, so no bundle was written: look at the export of the trees."
            )
        apart += int(differ.sum())
    return apart, sum(map(len, cases.values()))
