"""Two offline replays of a stream: by its sequence numbers, and by the order of its topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from events.decision import Decision
from events.label import Label
from events.receipt import LabelReceipt
from events.transaction import Transaction
from features.card import transition as card
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from features.merchant import transition as merchant
from verify.parity.difference import Matrix

_CARD = len(CARD_FEATURES)

LabelKey = tuple[str, str, str, int, bool, int]


class _Label(Protocol):
    """Common part of a label and its receipt."""

    @property
    def transaction_id(self) -> str: ...
    @property
    def card_id(self) -> str: ...
    @property
    def merchant_id(self) -> str: ...
    @property
    def timestamp_ms(self) -> int: ...
    @property
    def is_fraud(self) -> bool: ...
    @property
    def label_time_ms(self) -> int: ...


def label_key(label: _Label) -> LabelKey:
    """Return what tells a label from a correction of it, and from one that names another payment.

    Merchants match a label by all of it, so a replay must not mix up two labels of one id.
    """
    return (
        label.transaction_id,
        label.card_id,
        label.merchant_id,
        label.timestamp_ms,
        label.is_fraud,
        label.label_time_ms,
    )


@dataclass(frozen=True)
class BySequence:
    """Features float32[n, f] of n decisions, and the entities whose numbers are not 1, 2, 3, ...

    `receipts_differing` counts receipts that say something else about their payment than here.
    """

    features: Matrix
    broken: list[str]
    receipts_differing: int


@dataclass(frozen=True)
class ByTopic:
    """Card features float32[n, c] of n decisions, and how many had another number than here."""

    features: Matrix
    misplaced: int


def follow_sequences(
    decisions: Sequence[Decision],
    payments: Mapping[str, Transaction],
    receipts: Sequence[LabelReceipt],
    labels: Sequence[Label],
) -> BySequence:
    """Advance each card and each merchant in the order of the decisions' and receipts' numbers.

    A receipt without its label among ``labels`` is passed over: it shows as a difference.
    """
    features = np.full((len(decisions), len(FEATURE_NAMES)), np.nan, dtype=np.float32)
    broken: list[str] = []
    _follow_cards(decisions, payments, features, broken)
    known = {label_key(label): label for label in labels}
    differing = _follow_merchants(decisions, payments, receipts, known, features, broken)
    return BySequence(features, broken, differing)


def follow_topic(decisions: Sequence[Decision], payments: Sequence[Transaction]) -> ByTopic:
    """Advance each card in the order of the payments, which knows nothing of the decisions."""
    rows = {decision.transaction_id: row for row, decision in enumerate(decisions)}
    features = np.full((len(decisions), _CARD), np.nan, dtype=np.float32)
    states: dict[str, bytes] = {}
    misplaced = 0
    for payment in payments:
        step = card.advance(states.get(payment.card_id), payment)
        states[payment.card_id] = step.state
        row = rows.get(payment.transaction_id)
        if row is None or not step.accepted:
            continue
        features[row] = step.values
        misplaced += decisions[row].card_sequence != step.sequence
    return ByTopic(features, misplaced)


def _follow_cards(
    decisions: Sequence[Decision],
    payments: Mapping[str, Transaction],
    features: Matrix,
    broken: list[str],
) -> None:
    """Fill in the card's part of each decision's row."""
    by_card: dict[str, list[int]] = defaultdict(list)
    for row, decision in enumerate(decisions):
        by_card[decision.card_id].append(row)
    for name, rows in by_card.items():
        rows.sort(key=lambda row: decisions[row].card_sequence)
        if not _counts_up([decisions[row].card_sequence for row in rows]):
            broken.append(f"card {name}")
        state = None
        for row in rows:
            step = card.advance(state, payments[decisions[row].transaction_id])
            state = step.state
            if step.accepted:
                features[row, :_CARD] = step.values


def _follow_merchants(
    decisions: Sequence[Decision],
    payments: Mapping[str, Transaction],
    receipts: Sequence[LabelReceipt],
    labels: Mapping[LabelKey, Label],
    features: Matrix,
    broken: list[str],
) -> int:
    """Fill in the merchant's part of each decision's row, labels in their places.

    Return how many receipts say something else about their payment.
    """
    differing = 0
    by_merchant: dict[str, list[tuple[int, int | LabelReceipt]]] = defaultdict(list)
    for row, decision in enumerate(decisions):
        by_merchant[decision.merchant_id].append((decision.merchant_sequence, row))
    for receipt in receipts:
        by_merchant[receipt.merchant_id].append((receipt.merchant_sequence, receipt))
    for name, events in by_merchant.items():
        events.sort(key=lambda event: event[0])
        if not _counts_up([number for number, _ in events]):
            broken.append(f"merchant {name}")
        state: bytes | None = None
        for _, event in events:
            if isinstance(event, LabelReceipt):
                label = labels.get(label_key(event))
                if label is not None:
                    learnt = merchant.learn(state, label)
                    state = learnt.state
                    differing += event.payment not in (None, learnt.payment)
                continue
            step = merchant.advance(state, payments[decisions[event].transaction_id])
            state = step.state
            features[event, _CARD:] = step.values
    return differing


def _counts_up(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(1, len(numbers) + 1))
