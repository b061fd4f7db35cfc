"""Which decisions a peer has lost, doubled or made of a wrong state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.reading import read_stream
from events.decision import Decision, decision_features
from features.definition import CARD_FEATURES
from training.parity import Stream, compare
from training.parity_difference import differing_rows
from training.parity_replay import follow_topic
from udfs.bundle import load_bundle

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
            order, which trusts nothing that the peer says.
        sequences_broken: Cards and merchants whose sequence numbers are not 1, 2, 3, ...
        scores_differing: Decisions whose scores are not those of the replay by sequence numbers.
    """

    payments: int
    lost: int
    doubled: int
    contradictory: int
    wrong: int
    sequences_broken: int
    scores_differing: int


def judge(bootstrap: str, bundle: Path) -> Verdict:
    """Read all that went in and came out, and compare."""
    stream = read_stream(bootstrap)
    return verdict(stream, bundle)


def verdict(stream: Stream, bundle: Path) -> Verdict:
    """Compare what came out with what went in."""
    first: dict[str, Decision] = {}
    repeats = []
    for decision in stream.decisions:
        if first.setdefault(decision.transaction_id, decision) is not decision:
            repeats.append(decision)
    once = Stream(stream.payments, stream.labels, list(first.values()), stream.receipts)
    report = compare(once, load_bundle(bundle))
    return Verdict(
        payments=report.payments,
        lost=len(report.lost),
        doubled=len(repeats),
        contradictory=sum(not _agree(each, first[each.transaction_id]) for each in repeats),
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
    return int(
        differing_rows(streamed, follow_topic(stream.decisions, stream.payments).features).sum()
    )
