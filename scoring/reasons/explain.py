"""Say why a payment is an alert: what is unusual about it and raised its score most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from events.decision import Reason
from events.transaction import Transaction
from scoring.bundle.manifest import Manifest
from scoring.reasons.codes import COMBINATION, reason_code
from scoring.reasons.contributions import EnsembleContributions
from scoring.reasons.sentences import Speaker
from scoring.reasons.values import RowValues

REASONS: Final = 3
LEAST_SHARE: Final = 0.05
"""A code that brings less of all that raised the score is not told."""
LEAST_PART: Final = 0.1
"""A column that brings less of its code's contribution does not speak for the code."""
COMBINED: Final = 2
"""How many values a combination names."""


class Explanation(NamedTuple):
    """Why a payment is an alert.

    `contributions` holds every code's contribution, the largest first; with `base` they add up to
    the weighted average of the models' scores, as `EnsembleContributions` says. `reasons` holds
    the ones that are told.
    """

    reasons: list[Reason]
    contributions: dict[str, float]
    base: float


class _Found(NamedTuple):
    """Contributions of an alert by code and by column, the codes in their order, and its values."""

    codes: Sequence[float]
    order: Sequence[int]
    parts: Sequence[float]
    values: RowValues


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
        self._speakers = [Speaker(feature) for feature in manifest.features]
        codes = [reason_code(feature.name) for feature in manifest.features]
        self._codes = sorted(set(codes))
        self._group = np.array([self._codes.index(code) for code in codes])
        self._members = [
            np.flatnonzero(self._group == group).tolist() for group in range(len(self._codes))
        ]

    def explain(
        self, values: npt.NDArray[np.float32], payment: Transaction, reference: str
    ) -> Explanation:
        """Return up to three reasons for a payment and its whole vector, the strongest first.

        ``reference`` is the currency of the amounts in the vector.

        A code's contribution is the sum over its columns. Of a code that raised the score, the
        column with the largest part that is evidence is told; a code without evidence is passed
        over. Where no code is left, one reason names the strongest values.
        """
        parts = self.contributions(values[self._positions])
        # Lists from here on: for so few numbers every call of NumPy costs more than the loop.
        codes = np.bincount(self._group, weights=parts, minlength=len(self._codes)).tolist()
        order = sorted(range(len(codes)), key=codes.__getitem__, reverse=True)
        found = _Found(
            codes, order, parts.tolist(), RowValues(values, self._places, payment, reference)
        )
        return Explanation(
            self._evidence(found) or [self._combination(found)],
            {self._codes[code]: codes[code] for code in order},
            self._base,
        )

    def _evidence(self, found: _Found) -> list[Reason]:
        least = LEAST_SHARE * sum(one for one in found.codes if one > 0)
        reasons: list[Reason] = []
        said: set[str] = set()
        for code in found.order:
            if found.codes[code] <= least or len(reasons) == REASONS:
                break
            reason = self._reason(code, found, said)
            if reason is not None:
                reasons.append(reason)
        return reasons

    def _reason(self, code: int, found: _Found, said: set[str]) -> Reason | None:
        """Return the evidence of one code, None where it has none that is not said already."""
        parts, contribution = found.parts, found.codes[code]
        least = LEAST_PART * contribution
        columns = [column for column in self._members[code] if parts[column] >= least]
        for column in sorted(columns, key=parts.__getitem__, reverse=True):
            speaker = self._speakers[column]
            value = found.values.get(speaker.name)
            phrase = None if value is None else speaker.evidence(value, found.values)
            if phrase is None or phrase.about in said:
                continue
            if phrase.about is not None:
                said.add(phrase.about)
            return Reason(
                code=self._codes[code],
                feature=speaker.name,
                value=value,
                normal=phrase.normal,
                contribution=contribution,
                sentence=phrase.sentence,
            )
        return None

    def _combination(self, found: _Found) -> Reason:
        """Return the reason that names the strongest value of each of the two strongest codes."""
        strongest = (self._strongest(code, found) for code in found.order)
        named = list(islice((one for one in strongest if one is not None), COMBINED))
        feature = named[0][0] if named else self._speakers[0].name
        labels = " and ".join(label for _, label in named) or "values that are missing"
        return Reason(
            code=COMBINATION,
            feature=feature,
            value=found.values.get(feature),
            normal=None,
            contribution=sum(found.codes),
            sentence=f"No single value is unusual; a combination made the score, mostly {labels}.",
        )

    def _strongest(self, code: int, found: _Found) -> tuple[str, str] | None:
        """Return name and label of a code's strongest known value, None where none is known."""
        for column in sorted(self._members[code], key=found.parts.__getitem__, reverse=True):
            speaker = self._speakers[column]
            label = speaker.label(found.values)
            if label is not None:
                return speaker.name, label
        return None
