"""From a request, its features and its scores to a verdict: the one place where a level is made.

A policy is given with a bundle (`scoring.loader.Bundle.policy`), whose thresholds are the policy
that each bundle brings along. Rules and lists are further policies, with the same call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from events.levels import HIGH, LEVELS, LOW, MEDIUM, RiskLevel
from scoring.bundle.manifest import Manifest, Thresholds
from scoring.messages import ScoringRequest


class Verdict(NamedTuple):
    """The verdict of a policy on one payment.

    `decided_by` names what made the level, as kind and name: "threshold:high". `tags` are marks
    for whoever works on the decision.
    """

    level: RiskLevel
    decided_by: str
    tags: tuple[str, ...] = ()


class Policy(Protocol):
    """A judge of payments; the same verdict for the same payment, request and scores."""

    @property
    def name(self) -> str:
        """The name of the policy in decisions."""

    @property
    def version(self) -> str:
        """The version of the policy in decisions."""

    def judge(
        self,
        requests: Sequence[ScoringRequest],
        values: npt.NDArray[np.float32],
        scores: Sequence[Sequence[float]],
    ) -> list[Verdict]:
        """Return the verdict on each of n requests; the same for every size of a batch.

        A request may be unpacked where it is looked at, so look at those that matter. `values` are
        the requests' features, float32[n, f]; `scores` has for each the probability, then the score
        of each model in the manifest's order.
        """


class ThresholdPolicy:
    """The thresholds of a bundle, applied to its probability."""

    name = "thresholds"

    def __init__(self, manifest: Manifest) -> None:
        """Take the thresholds of a manifest; the bundle's name and version are their version."""
        self.version = manifest.model
        self._thresholds = manifest.thresholds

    def judge(
        self,
        _: Sequence[ScoringRequest],
        __: npt.NDArray[np.float32],
        scores: Sequence[Sequence[float]],
    ) -> list[Verdict]:
        """Return the verdict on each probability."""
        return [_VERDICTS[risk_level(found[0], self._thresholds)] for found in scores]


def risk_level(probability: float, thresholds: Thresholds) -> RiskLevel:
    """Return the level of a probability: a threshold itself belongs to the level it opens."""
    if probability >= thresholds.high:
        return HIGH
    return MEDIUM if probability >= thresholds.medium else LOW


_VERDICTS = {level: Verdict(level, f"threshold:{level.lower()}") for level in LEVELS}
