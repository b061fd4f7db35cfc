"""Say why a payment is an alert: what raised its score most, with its values in plain words."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from events.decision import Reason
from scoring.bundle.manifest import Manifest
from scoring.reasons.codes import reason_code
from scoring.reasons.contributions import EnsembleContributions
from scoring.reasons.sentences import phrase
from scoring.reasons.values import RowValues

REASONS: Final = 3
LEAST_SHARE: Final = 0.05
"""What brings less of all that raised the score is left out, unless there is nothing else."""


class Explanation(NamedTuple):
    """Why a payment is an alert.

    `contributions` holds every code's contribution, the largest first; with `base` they add up to
    the weighted average of the models' scores, as `EnsembleContributions` says. `reasons` holds
    the ones that are told.
    """

    reasons: list[Reason]
    contributions: dict[str, float]
    base: float


class Explainer:
    """Explain the alerts of one bundle."""

    def __init__(
        self,
        contributions: EnsembleContributions,
        positions: Sequence[int],
        columns: Sequence[str],
        manifest: Manifest,
    ) -> None:
        """Take what computes contributions to the graph's inputs.

        ``positions`` says where each of these lies in a whole vector, whose names are ``columns``.
        """
        self.contributions = contributions
        self._base = contributions.base
        self._positions = np.asarray(positions, dtype=np.intp)
        self._places = {name: place for place, name in enumerate(columns)}
        self._features = manifest.features
        codes = [reason_code(feature.name) for feature in manifest.features]
        self._codes = sorted(set(codes))
        self._group = np.array([self._codes.index(code) for code in codes])
        self._members = [
            np.flatnonzero(self._group == group).tolist() for group in range(len(self._codes))
        ]

    def explain(self, values: npt.NDArray[np.float32]) -> Explanation:
        """Return up to three reasons for a whole vector, the strongest first, at least one.

        A code's contribution is the sum over its columns; the column that brings most of it
        stands for it. The contributions are those of `EnsembleContributions`.
        """
        found = self.contributions(values[self._positions])
        # Lists from here on: for so few numbers every call of NumPy costs more than the loop.
        groups = np.bincount(self._group, weights=found, minlength=len(self._codes)).tolist()
        least = LEAST_SHARE * sum(one for one in groups if one > 0)
        order = sorted(range(len(groups)), key=groups.__getitem__, reverse=True)
        named = [group for group in order[:REASONS] if groups[group] > least] or order[:1]
        known = RowValues(values, self._places)
        parts = found.tolist()
        return Explanation(
            [self._reason(group, groups[group], parts, known) for group in named],
            {self._codes[group]: groups[group] for group in order},
            self._base,
        )

    def _reason(
        self, group: int, contribution: float, parts: Sequence[float], known: RowValues
    ) -> Reason:
        feature = self._features[max(self._members[group], key=parts.__getitem__)]
        normal, sentence = phrase(feature, known)
        return Reason(
            code=self._codes[group],
            feature=feature.name,
            value=known.get(feature.name),
            normal=normal,
            contribution=contribution,
            sentence=sentence,
        )
