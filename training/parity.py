"""Compare what the stream decided with an offline replay that follows its sequence numbers.

Every decision carries its place in its card's and in its merchant's sequence, and every label a
receipt with its place in its merchant's. Replaying each entity in that order must give the same
features and the same scores, bit for bit, at any parallelism and after any restart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from events.decision import Decision, decision_features
from events.label import Label
from events.receipt import LabelReceipt
from events.transaction import Transaction
from features import card, merchant
from features.definition import CARD_FEATURES, FEATURE_NAMES
from udfs.answer import model_input
from udfs.bundle import Bundle

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ParityReport:
    """What differs; all of it empty or zero where the stream equals the replay.

    `lost` and `doubled` are transaction ids; `out_of_order` names entities whose sequence numbers
    are not 1, 2, 3, ...; `features_differing` counts payments for each differing feature.
    """

    payments: int
    lost: list[str]
    doubled: list[str]
    out_of_order: list[str]
    features_differing: dict[str, int]
    scores_differing: int
    unknown: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the stream did exactly what the replay does."""
        wrong = (self.lost, self.doubled, self.out_of_order, self.features_differing, self.unknown)
        return not any(wrong) and self.scores_differing == 0


@dataclass(frozen=True)
class Stream:
    """What went in and what came out, as read from the topics, in any order."""

    payments: Sequence[Transaction]
    labels: Sequence[Label]
    decisions: Sequence[Decision]
    receipts: Sequence[LabelReceipt]


def compare(stream: Stream, bundle: Bundle) -> ParityReport:
    """Replay the stream and compare; payments are those that should have been decided once."""
    payments = {payment.transaction_id: payment for payment in stream.payments}
    counts = Counter(decision.transaction_id for decision in stream.decisions)
    decisions = [each for each in stream.decisions if each.transaction_id in payments]
    broken: list[str] = []
    replayed = _card_features(decisions, payments, broken)
    _merchant_features(decisions, stream, payments, replayed, broken)
    return ParityReport(
        payments=len(payments),
        lost=[each for each in payments if each not in counts],
        doubled=[each for each, count in counts.items() if count > 1],
        unknown=[each for each in counts if each not in payments],
        out_of_order=broken,
        features_differing=_features_differing(decisions, replayed),
        scores_differing=_scores_differing(decisions, payments, replayed, bundle),
    )


def _card_features(
    decisions: Sequence[Decision], payments: Mapping[str, Transaction], broken: list[str]
) -> dict[str, Matrix]:
    """Return float32[f] for each payment with the card's part filled in."""
    by_card: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        by_card[decision.card_id].append(decision)
    replayed: dict[str, Matrix] = {}
    for name, own in by_card.items():
        own.sort(key=lambda each: each.card_sequence)
        if [each.card_sequence for each in own] != list(range(1, len(own) + 1)):
            broken.append(f"card {name}")
        state = None
        for decision in own:
            step = card.advance(state, payments[decision.transaction_id])
            state = step.state
            values = np.full(len(FEATURE_NAMES), np.nan, dtype=np.float32)
            if not step.repeated:
                values[: len(CARD_FEATURES)] = step.values
            replayed[decision.transaction_id] = values
    return replayed


def _merchant_features(
    decisions: Sequence[Decision],
    stream: Stream,
    payments: Mapping[str, Transaction],
    replayed: Mapping[str, Matrix],
    broken: list[str],
) -> None:
    """Fill in the merchant's part of each payment."""
    labels = {_label_key(label): label for label in stream.labels}
    by_merchant: dict[str, list[Decision | LabelReceipt]] = defaultdict(list)
    events: list[Decision | LabelReceipt] = [*decisions, *stream.receipts]
    for event in events:
        by_merchant[event.merchant_id].append(event)
    for name, own in by_merchant.items():
        own.sort(key=lambda each: each.merchant_sequence)
        if [each.merchant_sequence for each in own] != list(range(1, len(own) + 1)):
            broken.append(f"merchant {name}")
        state = None
        for event in own:
            if isinstance(event, LabelReceipt):
                state = merchant.learn(state, labels[_label_key(event)]).state
                continue
            payment = payments[event.transaction_id]
            step = merchant.advance(
                state, payment.timestamp_ms, payment.amount_minor, payment.currency
            )
            state = step.state
            replayed[event.transaction_id][len(CARD_FEATURES) :] = step.values


def _label_key(label: Label | LabelReceipt) -> tuple[str, bool, int]:
    return label.transaction_id, label.is_fraud, label.label_time_ms


def _features_differing(
    decisions: Sequence[Decision], replayed: Mapping[str, Matrix]
) -> dict[str, int]:
    """Count, for each feature, the decisions whose bits differ from the replay's."""
    differing: Counter[str] = Counter()
    for decision in decisions:
        streamed = decision_features(decision)
        own = replayed[decision.transaction_id]
        same = (streamed == own) | (np.isnan(streamed) & np.isnan(own))
        differing.update(FEATURE_NAMES[place] for place in np.flatnonzero(~same))
    return dict(differing)


def _scores_differing(
    decisions: Sequence[Decision],
    payments: Mapping[str, Transaction],
    replayed: Mapping[str, Matrix],
    bundle: Bundle,
) -> int:
    """Count the decisions of which any score differs from that of the replayed features."""
    if not decisions:
        return 0
    scores = bundle.scorer.score(np.stack(list(_inputs(decisions, payments, replayed, bundle))))
    members = [member.name for member in bundle.manifest.members]
    offline = np.column_stack([scores.probability, *(scores.models[name] for name in members)])
    streamed = np.array(
        [[each.probability, *(each.model_scores[name] for name in members)] for each in decisions],
        dtype=np.float32,
    )
    return int((offline != streamed).any(axis=1).sum())


def _inputs(
    decisions: Iterable[Decision],
    payments: Mapping[str, Transaction],
    replayed: Mapping[str, Matrix],
    bundle: Bundle,
) -> Iterator[Matrix]:
    for decision in decisions:
        key = decision.transaction_id
        yield model_input(replayed[key], payments[key], bundle.attributes)
