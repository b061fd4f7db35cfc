"""Checks that the numbers of a manifest fit each other and the graph.

A digest shows a damaged manifest. These checks show one that was written wrong, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from events.levels import HIGH, LEVELS, MEDIUM
from scoring.bundle.files import RESTORE, RETRAIN, BundleError
from scoring.bundle.manifest import GOLDEN_FILE, MANIFEST_FILE, Manifest, Thresholds
from scoring.bundle.tensors import Matrix

WEIGHT_TOLERANCE: Final = 1e-6


def check_sense(manifest: Manifest, folder: Path) -> None:
    """Raise BundleError for a manifest whose numbers contradict each other."""
    where = folder / MANIFEST_FILE
    for what, wanted, got in _contradictions(manifest):
        raise BundleError(what, where, wanted, got, RETRAIN)


def _contradictions(manifest: Manifest) -> Iterator[tuple[str, object, object]]:
    """Yield what is wrong, what was wanted, and what is there."""
    yield from _members(manifest)
    yield from _thresholds(manifest.thresholds)
    yield from _periods(manifest)
    for model, figures in manifest.metrics.items():
        wrong = {name: value for name, value in figures.items() if not 0 <= value <= 1}
        if wrong:
            yield f"Impossible metrics of {model}", "figures from 0 to 1", wrong


def _members(manifest: Manifest) -> Iterator[tuple[str, object, object]]:
    """Yield members that are not told apart, or whose weights are not those of the combination."""
    names = manifest.member_names
    weights = [member.weight for member in manifest.members]
    if not names or len(set(names)) != len(names):
        yield "Wrong members", "one or more, each once", names
        return
    if min(weights) < 0 or not abs(sum(weights) - 1.0) <= WEIGHT_TOLERANCE:
        yield "Weights that are no shares", "shares with a sum of 1", sum(weights)
    wanted = _shares(manifest)
    if not np.allclose(weights, wanted, rtol=0, atol=WEIGHT_TOLERANCE):
        method = manifest.combination.method
        yield "Wrong weights", f"{wanted}, the shares of the combination {method}", weights


def _shares(manifest: Manifest) -> list[float]:
    """Return the weights that a combination's own numbers give its members."""
    count = len(manifest.members)
    even = [1 / count] * count
    if manifest.combination.method == "rank":
        return even
    if manifest.combination.method == "weighted":
        return [member.weight for member in manifest.members]
    slopes = manifest.combination.parameters.get("slopes", [])
    if len(slopes) != count:
        return [float("nan")] * count
    total = sum(slopes)
    return [slope / total for slope in slopes] if total else even


def _thresholds(given: Thresholds) -> Iterator[tuple[str, object, object]]:
    """Yield thresholds that divide nothing, or that are not those that validation judged."""
    both = given.by_level
    if not 0 < given.medium <= given.high <= 1:
        yield "Impossible thresholds", "0 < MEDIUM <= HIGH <= 1", both
    inexact = {level: value for level, value in both.items() if float(np.float32(value)) != value}
    if inexact:
        yield "Inexact thresholds", "numbers of float32", inexact
    judged = {level: each.threshold for level, each in given.expected.items()}
    if judged and judged != both:
        yield "Thresholds that validation did not judge", judged, both
    for name in ("alert_share", "precision"):
        shares: Mapping[str, float] = getattr(given, name)
        if shares and (set(shares) != set(both) or not all(0 <= x <= 1 for x in shares.values())):
            yield f"Impossible {name}", "a share from 0 to 1 for MEDIUM and for HIGH", shares
    share = given.alert_share
    if share and share[HIGH] > share[MEDIUM]:
        yield "Impossible alert_share", "at most that of MEDIUM for HIGH", share


def _periods(manifest: Manifest) -> Iterator[tuple[str, object, object]]:
    """Yield parts of the history that are out of order or have more frauds than payments."""
    data = manifest.training
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    edges = [time for part in parts.values() for time in (part.first_ms, part.last_ms)]
    if edges != sorted(edges):
        yield "Periods out of order", "train before validation before test", edges
    for name, part in parts.items():
        if not 0 <= part.frauds <= part.payments:
            got = f"{part.frauds} frauds of {part.payments} payments"
            yield f"Impossible {name} period", "at most as many frauds as payments", got


def check_golden_levels(manifest: Manifest, golden: Matrix, folder: Path) -> None:
    """Raise BundleError where the golden scores float32[m] have other levels than were counted.

    Manifests of format 2 count none.
    """
    got = golden_levels(manifest.thresholds, golden)
    if manifest.golden_levels and manifest.golden_levels != got:
        where = folder / GOLDEN_FILE
        raise BundleError("Other golden levels", where, manifest.golden_levels, got, RESTORE)


def golden_levels(thresholds: Thresholds, scores: Matrix) -> dict[str, int]:
    """Count scores float32[m] by the level that thresholds give them.

    >>> both = Thresholds(medium=0.25, high=0.5, method="", alert_share={}, precision={})
    >>> golden_levels(both, np.float32([0.1, 0.25, 0.3, 0.9]))
    {'LOW': 1, 'MEDIUM': 2, 'HIGH': 1}
    """
    edges = np.array([*thresholds.by_level.values()], dtype=np.float32)
    places = np.searchsorted(edges, scores, side="right")
    return {level: int((places == place).sum()) for place, level in enumerate(LEVELS)}
