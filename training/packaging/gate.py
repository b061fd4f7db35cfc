"""The export gate: the graph must score as the fitted models do, or there is no bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scoring.bundle.manifest import Parity, Thresholds
from scoring.loader import max_difference
from scoring.model.scorer import Scorer, Scores
from training.arrays import Floats, Ints
from training.errors import TrainingError
from training.models.base import Exported

TOLERANCE = 1e-5
HELD_OUT_ROWS = 5_000
SPLIT_ROWS = 3_000
DAMAGED_ROWS = 1_000
Suspect = Callable[[Sequence[str]], str]
_LARGEST = float(np.finfo(np.float32).max)
_EXTREMES = (0.0, -0.0, 1e-40, -1e-40, 1e30, -1e30, _LARGEST, -_LARGEST)


def gate_cases(held_out: Floats, members: Sequence[Exported], seed: int) -> dict[str, Floats]:
    """Return the rows to compare, float32[*, k] by case, made from held-out rows float32[n, k].

    Rows at the splits have one column exactly at a split's threshold, or at the float32 next to
    it on either side, and for a model without trees at the bounds of its columns; the others have
    some columns missing, infinite or extreme.
    """
    random = np.random.default_rng(seed)
    rows = held_out[random.permutation(len(held_out))[:HELD_OUT_ROWS]]
    cases = {"held_out": rows}
    cases.update(_split_cases(rows, members, random))
    cases["missing"] = _damaged(rows, [np.nan], random)
    cases["missing_all"] = np.full((1, rows.shape[1]), np.nan, dtype=np.float32)
    cases["infinite"] = _damaged(rows, [np.inf, -np.inf], random)
    cases["extreme"] = _damaged(rows, _EXTREMES, random)
    return cases


def _split_cases(
    rows: Floats, members: Sequence[Exported], random: np.random.Generator
) -> dict[str, Floats]:
    """Return rows at, just below and just above thresholds drawn from all the models' splits."""
    splits = [member.splits() for member in members]
    features = np.concatenate([feature for feature, _ in splits])
    thresholds = np.concatenate([threshold for _, threshold in splits])
    chosen = random.permutation(len(features))[:SPLIT_ROWS]
    base = rows[random.integers(len(rows), size=len(chosen))]
    cases = {}
    for name, towards in (("at_split", None), ("below_split", -np.inf), ("above_split", np.inf)):
        values = thresholds[chosen]
        if towards is not None:
            values = np.nextafter(values, np.float32(towards))
        cases[name] = base.copy()
        cases[name][np.arange(len(chosen)), features[chosen]] = values
    return cases


def _damaged(rows: Floats, values: Sequence[float], random: np.random.Generator) -> Floats:
    """Return rows with about a third of their values replaced by draws from ``values``."""
    damaged = rows[:DAMAGED_ROWS].copy()
    hit = random.random(damaged.shape) < 1 / 3
    damaged[hit] = random.choice(np.asarray(values, dtype=np.float32), size=int(hit.sum()))
    return damaged


def usual_suspects(models: Sequence[str]) -> str:
    """Say what usually makes models differ from their graph."""
    return f"{' and '.join(models)} differ; look at the base score and the order of the features"


def check_parity(
    native: Callable[[Floats], Scores],
    finish: Callable[[Mapping[str, Floats]], Floats],
    scorer: Scorer,
    cases: dict[str, Floats],
    thresholds: Thresholds,
    suspect: Suspect = usual_suspects,
) -> Parity:
    """Compare the native models with the graph on every case.

    Each model's score is held against its library's. Each side's probability is held against
    ``finish`` of its own scores, because a steep curve multiplies the rounding of a score:
    held against the native probability, a curve that the graph computes bit for bit would fail.
    What rounding moves the probability by in all is measured, not judged. ``suspect`` says what
    may make the models of these names differ.

    Raises TrainingError where a step differs by more than 1e-5, or a payment changes its level.
    """
    steps = whole = 0.0
    for name, rows in cases.items():
        expected, got = native(rows), scorer.score_columns(rows)
        difference = max(
            max_difference(Scores(finish(got.models), expected.models), got),
            max_difference(Scores(finish(expected.models), {}), Scores(expected.probability, {})),
        )
        if not difference <= TOLERANCE:
            raise TrainingError(
                f"The exported graph differs from the fitted models by {difference:.3g} on the "
                f"rows of case {name!r} (at most {TOLERANCE:g} is allowed). No bundle was "
                f"written: {_cause(expected, got, suspect)}."
            )
        changes = int((_levels(expected, thresholds) != _levels(got, thresholds)).sum())
        if changes:
            raise TrainingError(
                f"{changes} of {len(rows)} rows of case {name!r} change their risk level in the "
                "exported graph. No bundle was written: move the thresholds a little with "
                "--medium or --high."
            )
        steps = max(steps, difference)
        whole = max(whole, max_difference(expected, got))
    return Parity(
        tolerance=TOLERANCE,
        step_difference=steps,
        max_difference=whole,
        risk_level_changes=0,
        rows={name: len(rows) for name, rows in cases.items()},
    )


def _levels(scores: Scores, thresholds: Thresholds) -> Ints:
    """Return 0, 1 or 2 for LOW, MEDIUM or HIGH, int64[n]."""
    edges = np.array([*thresholds.by_level.values()], dtype=np.float32)
    return np.searchsorted(edges, scores.probability, side="right")


def _cause(expected: Scores, got: Scores, suspect: Suspect) -> str:
    """Say which step differs, and what causes it."""
    apart = [
        name
        for name in expected.models
        if not np.abs(expected.models[name] - got.models[name]).max() <= TOLERANCE
    ]
    if not apart:
        return "each model agrees, so look at the combination and the calibration"
    return suspect(apart)
