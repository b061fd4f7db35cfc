"""Judge of a peer: decisions lost, doubled, or made from a wrong state."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from events.decision import Decision, decision_features
from features.catalogue import CARD_FEATURES
from features.money.shipped import SHIPPED
from scoring.loader import Bundle
from scoring.path import payment_path
from verify.parity.compare import Stream, compare
from verify.parity.difference import differing_rows
from verify.parity.replay import follow_topic, label_key

_CARD = len(CARD_FEATURES)


@dataclass(frozen=True)
class Verdict:
    """Decisions against the payments that were sent, and against two replays.

    Attributes:
        payments: Payments in the topic.
        lost: Those without a committed decision.
        doubled: Committed decisions beyond the first on a payment.
        contradictory: Doubled ones that differ from the first on their payment in a feature or in
            the probability: a reader that drops repeats does not know which to believe.
        wrong: First decisions whose card features are not those of the replay by the topic's
            order, which trusts nothing that the peer says. This and the next two are None where
            the peer does not compute the features.
        sequences_broken: Cards and merchants whose sequence numbers are not 1, 2, 3, ... in the
            first decisions and receipts.
        scores_differing: First decisions whose scores are not those of a replay by sequence
            numbers.
    """

    payments: int
    lost: int
    doubled: int
    contradictory: int
    wrong: int | None = None
    sequences_broken: int | None = None
    scores_differing: int | None = None


def judge(stream: Stream, bundle: Bundle | None) -> Verdict:
    """Compare what came out with what went in, and with replays where there is a bundle."""
    payments = {payment.transaction_id for payment in stream.payments}
    first: dict[str, Decision] = {}
    repeats = []
    for decision in stream.decisions:
        if decision.transaction_id in first:
            repeats.append(decision)
        else:
            first[decision.transaction_id] = decision
    counted = Verdict(
        payments=len(payments),
        lost=len(payments - first.keys()),
        doubled=len(repeats),
        contradictory=sum(not _agree(each, first[each.transaction_id]) for each in repeats),
    )
    if bundle is None:
        return counted
    receipts = {label_key(each): each for each in reversed(stream.receipts)}
    once = replace(stream, decisions=list(first.values()), receipts=list(receipts.values()))
    report = compare(once, bundle)
    return replace(
        counted,
        wrong=_wrong(once),
        sequences_broken=len(report.out_of_order),
        scores_differing=report.scores_differing,
    )


def _agree(one: Decision, other: Decision) -> bool:
    return one.probability == other.probability and bytes(one.features) == bytes(other.features)


def _wrong(stream: Stream) -> int:
    if not stream.decisions:
        return 0
    streamed = np.stack([decision_features(each)[:_CARD] for each in stream.decisions])
    replayed = follow_topic(stream.decisions, stream.payments, payment_path(SHIPPED)).features
    return int(differing_rows(streamed, replayed).sum())
