"""From plain payments behind their merchants to the bytes that go to Kafka."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, NamedTuple, overload

import numpy as np

from events.levels import LOW, RiskLevel
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from features.kernels.batch import Values, Words
from features.kernels.slices import Slices
from features.money.rates import Rates
from scoring.answer import Clock, alerts_of
from scoring.loader import Bundle
from scoring.messages import ScoringRequest
from scoring.plain.decisions import DecisionWriter
from scoring.plain.hand_over import Requests


class Complete(Sequence[ScoringRequest]):
    """Requests of n plain payments that become complete; one is unpacked where it is asked for.

    Attributes:
        requests: The hand-overs of the card stage.
        values: All features, float32[n, f].
        sequences: Numbers of the payments at their merchants, int64[n].
        flags: Masks of the flags of both stages, int64[n].
        rates: Those that amounts were converted by.
    """

    def __init__(self, requests: Requests, rates: Rates) -> None:
        """Take the hand-overs and the rates; the rest comes with `visited`."""
        self.requests = requests
        self.rates = rates
        self.values = requests.values(len(FEATURE_NAMES))
        self.sequences = np.zeros(len(requests), np.int64)
        self.flags = requests.flags.copy()

    def visited(self, part: slice, values: Values, sequences: Words, flags: Words) -> None:
        """Add what the merchants say of some payments: their features, numbers and flags."""
        self.values[part, len(CARD_FEATURES) :] = values
        self.sequences[part] = sequences
        self.flags[part] |= flags

    def __len__(self) -> int:
        """Return how many payments there are."""
        return len(self.requests)

    @overload
    def __getitem__(self, place: int) -> ScoringRequest: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ScoringRequest]: ...
    def __getitem__(self, place: int | slice) -> ScoringRequest | Sequence[ScoringRequest]:
        """Return the request of one payment, or of several."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        row = self.values[place]
        return self.requests.complete_request(
            place, self.rates, row, int(self.sequences[place]), int(self.flags[place])
        )


class PlainAnswered(NamedTuple):
    """The answers to n plain payments.

    Attributes:
        decisions: The encoded decisions, n.
        levels: Their levels, n.
        alerts: The encoded alert of each payment that is one, by its place.
        decided_ms: The wall clock.
    """

    decisions: Slices
    levels: list[RiskLevel]
    alerts: dict[int, bytes]
    decided_ms: int


NO_ANSWERS: Final = PlainAnswered(Slices(b"", np.zeros(1, np.int64)), [], {}, 0)


class PlainAnswers:
    """Answers batches of plain payments by one bundle, as `scoring.answer.answer_batch` would."""

    def __init__(self, bundle: Bundle, rates: Rates) -> None:
        """Take a bundle, and the rates that amounts were converted by."""
        self._bundle = bundle
        self._writer = DecisionWriter(bundle.manifest, bundle.policy, rates.reference, rates.date)

    def answer(self, requests: Complete, clock: Clock = time.time_ns) -> PlainAnswered:
        """Score complete requests, one or more, and return the answers.

        The clock is read once, behind the scores. Nothing is kept of a batch.
        """
        bundle = self._bundle
        scores = bundle.scorer.outputs(plain_inputs(requests, bundle.attributes)).T.astype(
            np.float64
        )
        decided_ms = clock() // 1_000_000
        verdicts = bundle.policy.judge(requests, requests.values, scores.tolist())
        decisions = self._writer.decisions(
            requests.requests,
            requests.values,
            scores,
            requests.sequences,
            requests.flags,
            verdicts,
            decided_ms,
        )
        levels = [verdict.level for verdict in verdicts]
        raised = [place for place, level in enumerate(levels) if level != LOW]
        alerts: list[bytes] = []
        if raised:
            alerts = alerts_of(
                [requests[place] for place in raised],
                requests.values[raised],
                scores[raised].tolist(),
                [verdicts[place] for place in raised],
                bundle,
                decided_ms,
            )
        return PlainAnswered(decisions, levels, dict(zip(raised, alerts, strict=True)), decided_ms)


def plain_inputs(requests: Complete, attributes: Sequence[str]) -> Values:
    """Return what the model reads: plain payments carry no attributes, so these are missing."""
    if not attributes:
        return requests.values
    missing = np.full((len(requests), len(attributes)), np.nan, np.float32)
    return np.hstack([requests.values, missing])
