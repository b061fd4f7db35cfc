"""Turn verdicts into decisions, and a decision at MEDIUM or HIGH into an alert."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from events.alert import Alert
from events.decision import Decision, encode_features
from events.levels import LOW
from features.catalogue import FEATURE_SET_VERSION
from scoring.bundle.manifest import Manifest
from scoring.decision.policy import Policy, Verdict
from scoring.messages import ScoringRequest
from scoring.reasons.explain import Explanation

_SHARED: Final = tuple(
    name
    for name in Alert.__struct_fields__
    if name in Decision.__struct_fields__ and name != "schema_version"
)
"""What an alert repeats of its decision; the version is the alert's own."""


_OWN: Final = ("card", "merchant")
"""Entities whose numbers a decision has fields of their own for."""


def decide(
    requests: Sequence[ScoringRequest],
    values: npt.NDArray[np.float32],
    scores: Sequence[Sequence[float]],
    verdicts: Sequence[Verdict],
    manifest: Manifest,
    policy: Policy,
    decided_ms: int,
) -> list[Decision]:
    """Return the decision on each payment.

    `values` are the requests' features, float32[n, f]; `scores` holds for each payment the
    probability, then the score of each member of the ensemble in the manifest's order; `verdicts`
    are what `policy` said of each; `decided_ms` is the wall clock.
    """
    # Looked up once: these are the same for all payments of a batch.
    model, members = manifest.model, [*enumerate(manifest.member_names, start=1)]
    policy_name, policy_version = policy.name, policy.version
    features = encode_features(values)
    decisions = []
    for request, found, verdict, row in zip(requests, scores, verdicts, features, strict=True):
        payment, sequences = request.payment, request.sequences
        decision = Decision(
            transaction_id=payment.transaction_id,
            card_id=payment.card_id,
            merchant_id=payment.merchant_id,
            timestamp_ms=payment.timestamp_ms,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            probability=found[0],
            model_scores={name: found[number] for number, name in members},
            risk_level=verdict.level,
            policy=policy_name,
            policy_version=policy_version,
            decided_by=verdict.decided_by,
            tags=list(verdict.tags),
            model=model,
            feature_set=FEATURE_SET_VERSION,
            card_sequence=sequences["card"],
            merchant_sequence=sequences["merchant"],
            sequences=msgspec.UNSET if len(sequences) == len(_OWN) else _further(sequences),
            flags=request.flags,
            received_ms=request.received_ms,
            decided_ms=decided_ms,
            reference_currency=request.reference_currency,
            rates_date=request.rates_date,
            features=row,
            payment=msgspec.Raw(request.original),
        )
        decisions.append(decision)
    return decisions


def _further(sequences: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in sequences.items() if name not in _OWN}


def alert(decision: Decision, request: ScoringRequest, explanation: Explanation) -> Alert:
    """Return the alert for a decision at MEDIUM or HIGH."""
    if decision.risk_level == LOW:
        raise ValueError("a LOW decision is no alert: call this at MEDIUM and HIGH only")
    payment = request.payment
    return Alert(
        **{name: getattr(decision, name) for name in _SHARED},
        reasons=explanation.reasons,
        contributions=explanation.contributions,
        contribution_base=explanation.base,
        merchant_category=payment.merchant_category,
        country=payment.country,
        city=payment.city,
    )
