"""Compare what the stream decided with two offline replays, bit for bit.

The first follows the sequence numbers: every decision carries its place in its card's and in its
merchant's sequence, and every label a receipt with its place in its merchant's. Replaying each
entity in that order must give the same features and the same scores, at any parallelism and after
any restart. The second takes the order of the transactions topic alone, in which Kafka keeps each
card's payments: the card's features must follow from it without the job saying anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from events.decision import Decision, decision_features
from events.label import Label
from events.receipt import LabelReceipt
from events.transaction import Transaction
from scoring.answer import model_input
from scoring.loader import Bundle
from scoring.path import payment_path
from verify.parity.difference import Difference, Matrix, differences, differing_rows
from verify.parity.replay import follow_sequences, follow_topic, label_key

ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class Stream:
    """Input and output of the stream, as read from the topics.

    ``payments`` are in the order of their topic as far as cards go, repeats left out; the rest is
    in any order.
    """

    payments: Sequence[Transaction]
    labels: Sequence[Label]
    decisions: Sequence[Decision]
    receipts: Sequence[LabelReceipt]


@dataclass(frozen=True)
class ParityReport:
    """Differences; there are none where the stream equals the replays.

    ``lost``, ``doubled`` and ``unknown`` are ids of payments without a decision, with more than
    one, and of decisions without a payment. ``labels_lost`` and ``labels_doubled`` count labels by
    their receipts. ``receipts_differing`` counts receipts that say something else about their
    payment than the replay. ``out_of_order`` names entities whose sequence numbers are not 1, 2, 3
    and so on; ``misplaced`` counts decisions whose number is not their place in the topic.
    ``features`` and ``scores`` compare with the replay by sequence numbers, ``scores_differing``
    counts decisions with any score that differs; ``card_features`` with the replay by the topic.
    """

    payments: int
    labels: int
    lost: list[str]
    doubled: list[str]
    unknown: list[str]
    labels_lost: int
    labels_doubled: int
    receipts_differing: int
    out_of_order: list[str]
    misplaced: int
    features: dict[str, Difference]
    scores: dict[str, Difference]
    scores_differing: int
    card_features: dict[str, Difference]

    @property
    def features_differing(self) -> dict[str, int]:
        """Decisions in which a feature differs from the replay by sequence numbers."""
        return _differing(self.features)

    @property
    def card_features_differing(self) -> dict[str, int]:
        """Decisions in which a card's feature differs from the replay by topic order."""
        return _differing(self.card_features)

    @property
    def equal(self) -> bool:
        """Whether the stream did exactly what the replays do."""
        named = (self.lost, self.doubled, self.unknown, self.out_of_order)
        counted = (self.labels_lost, self.labels_doubled, self.receipts_differing)
        placed = (self.misplaced, self.scores_differing)
        features = (self.features_differing, self.card_features_differing)
        return not any(map(any, (named, counted, placed, features)))


def compare(stream: Stream, bundle: Bundle, *later: Bundle) -> ParityReport:
    """Replay the stream both ways and compare; each payment should have been decided once.

    Where the job went on with ``later`` bundles of the same models, each decision's scores are
    compared with those of the bundle that it names.
    """
    path = payment_path(bundle.rates)
    first = path.entities[0]
    payments = {payment.transaction_id: payment for payment in stream.payments}
    decisions = [each for each in stream.decisions if each.transaction_id in payments]
    counts = Counter(decision.transaction_id for decision in stream.decisions)
    told = Counter(label_key(label) for label in stream.labels)
    receipted = Counter(label_key(receipt) for receipt in stream.receipts)
    by_sequence = follow_sequences(decisions, payments, stream.receipts, stream.labels, path)
    by_topic = follow_topic(decisions, stream.payments, path)
    streamed = _stack([decision_features(each) for each in decisions], len(path.features))
    own = streamed[:, path.columns[first.name]]
    scores, replayed_scores = _scores(decisions, payments, by_sequence.features, (bundle, *later))
    return ParityReport(
        payments=len(payments),
        labels=len(stream.labels),
        lost=[each for each in payments if each not in counts],
        doubled=[each for each, count in counts.items() if count > 1],
        unknown=[each for each in counts if each not in payments],
        labels_lost=(told - receipted).total(),
        labels_doubled=(receipted - told).total(),
        receipts_differing=by_sequence.receipts_differing,
        out_of_order=by_sequence.broken,
        misplaced=by_topic.misplaced,
        features=differences(streamed, by_sequence.features, path.features),
        scores=differences(scores, replayed_scores, _score_names(bundle)),
        scores_differing=int(differing_rows(scores, replayed_scores).sum()),
        card_features=differences(own, by_topic.features, first.features),
    )


def _scores(
    decisions: Sequence[Decision],
    payments: dict[str, Transaction],
    replayed: Matrix,
    bundles: Sequence[Bundle],
) -> tuple[Matrix, Matrix]:
    """Return the decisions' scores and those of the replayed features, float32[n, 1 + models]."""
    names = _score_names(bundles[0])
    offline = np.full((len(decisions), len(names)), np.nan, dtype=np.float32)
    for bundle in bundles:
        rows = [n for n, each in enumerate(decisions) if each.model == bundle.manifest.model]
        if rows:
            paid = [payments[decisions[row].transaction_id] for row in rows]
            offline[rows] = _offline(paid, replayed[rows], bundle, names[1:])
    streamed = [
        [each.probability, *(each.model_scores[name] for name in names[1:])] for each in decisions
    ]
    return _stack([np.array(each, dtype=np.float32) for each in streamed], len(names)), offline


def _offline(
    payments: Sequence[Transaction], replayed: Matrix, bundle: Bundle, models: Sequence[str]
) -> Matrix:
    """Return what a bundle gives replayed features, float32[n, 1 + models].

    ONNX Runtime scores here, so that the job's compiled steps are held against it.
    """
    inputs = model_input(replayed, payments, bundle.attributes)
    scores = bundle.scorer.score_columns(bundle.scorer.own_columns(inputs))
    return np.column_stack([scores.probability, *(scores.models[name] for name in models)])


def _score_names(bundle: Bundle) -> list[str]:
    return [ENSEMBLE, *bundle.manifest.member_names]


def _stack(rows: Sequence[Matrix], width: int) -> Matrix:
    """Return rows as float32[n, width], also where there are none."""
    return np.stack(rows) if rows else np.empty((0, width), dtype=np.float32)


def _differing(found: dict[str, Difference]) -> dict[str, int]:
    return {name: each.differing for name, each in found.items() if each.differing}
