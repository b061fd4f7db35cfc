"""Scores that another bundle gives to past decisions, beside those that they were made with.

A decision carries its features and its payment, so nothing is computed again but the scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from events.decision import Decision, decision_features, decode_decision
from events.errors import EventError, refuse
from events.transaction import parse_transaction
from features.catalogue import FEATURE_SET_VERSION
from scoring.answer import feature_rows, model_input
from scoring.loader import Bundle
from scoring.messages import ScoringRequest


class Rescored(msgspec.Struct, frozen=True):
    """A past decision, and what the bundle would have decided.

    `model` is "name/version". A record that cannot be scored has a `problem`, which is a sentence,
    and nothing else.
    """

    transaction_id: str | None = None
    card_id: str | None = None
    timestamp_ms: int | None = None
    probability_before: float | None = None
    probability: float | None = None
    risk_level_before: str | None = None
    risk_level: str | None = None
    model_before: str | None = None
    model: str | None = None
    problem: str | None = None


def rescore(records: Sequence[bytes | None], bundle: Bundle) -> list[Rescored]:
    """Score the decisions in records of the decisions topic with a bundle, in their order."""
    read = [_read(record, bundle) for record in records]
    good = [one for one in read if not isinstance(one, EventError)]
    scored = iter(_scored(good, bundle))
    return [
        Rescored(problem=one.sentence) if isinstance(one, EventError) else next(scored)
        for one in read
    ]


Past = tuple[Decision, ScoringRequest]
"""A past decision, and the request that it was the answer to."""


def _read(record: bytes | None, bundle: Bundle) -> Past | EventError:
    """Return the decision of a record, or why the bundle cannot score it."""
    try:
        decision = decode_decision(record or b"")
        _check(decision, bundle)
        return decision, _request(decision)
    except EventError as error:
        return error


def _check(decision: Decision, bundle: Bundle) -> None:
    """Refuse a decision whose features mean something else to the bundle."""
    step = "score it with a bundle of its own feature set and currency"
    if decision.feature_set != FEATURE_SET_VERSION:
        got = f"{decision.feature_set} in the decision on {decision.transaction_id}"
        raise refuse("bad_features", "feature set", str(FEATURE_SET_VERSION), got, step)
    reference = bundle.rates.reference
    if decision.reference_currency != reference:
        got = f"{decision.reference_currency} in the decision on {decision.transaction_id}"
        raise refuse("bad_features", "reference currency", reference, got, step)


def _request(decision: Decision) -> ScoringRequest:
    """Return the request that a decision was the answer to, as far as scores and levels need it."""
    original = bytes(decision.payment)
    key, received_ms = decision.card_id.encode(), decision.received_ms
    return ScoringRequest(
        payment=parse_transaction(original, key, received_ms),
        original=original,
        features=decision_features(decision).tobytes(),
        sequences={"card": decision.card_sequence, "merchant": decision.merchant_sequence},
        flags=decision.flags,
        received_ms=received_ms,
        reference_currency=decision.reference_currency or "",
        rates_date=decision.rates_date or "",
    )


def _scored(past: Sequence[Past], bundle: Bundle) -> list[Rescored]:
    if not past:
        return []
    requests = [request for _, request in past]
    values = feature_rows(requests)
    inputs = model_input(values, [one.payment for one in requests], bundle.attributes)
    scores = bundle.scorer.outputs(inputs).T.tolist()
    verdicts = bundle.policy.judge(requests, values, scores)
    return [
        Rescored(
            transaction_id=decision.transaction_id,
            card_id=decision.card_id,
            timestamp_ms=decision.timestamp_ms,
            probability_before=decision.probability,
            probability=found[0],
            risk_level_before=decision.risk_level,
            risk_level=verdict.level,
            model_before=decision.model,
            model=bundle.manifest.model,
        )
        for (decision, _), found, verdict in zip(past, scores, verdicts, strict=True)
    ]
