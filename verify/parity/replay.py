"""Two offline replays of a stream: by its sequence numbers, and by the order of its topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from events.decision import Decision
from events.label import Label
from events.receipt import LabelReceipt
from events.transaction import Transaction
from scoring.path import REFUSALS, Entity, Path, learn, visit
from verify.parity.difference import Matrix

_BATCH = 1_000
"""Payments that are taken to their entities at once, at least, but for those before a label."""

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
    """Features float32[n, f] of n decisions, and what is out of place.

    `broken` names entities whose numbers are not 1, 2, 3 and so on, and decisions that name another
    card or merchant than their payment.

    `receipts_differing` counts receipts that say something else about their payment than here.
    """

    features: Matrix
    broken: list[str]
    receipts_differing: int


@dataclass(frozen=True)
class ByTopic:
    """The first entity's features float32[n, c] of n decisions.

    `misplaced` counts decisions that had another number than here.
    """

    features: Matrix
    misplaced: int


def follow_sequences(
    decisions: Sequence[Decision],
    payments: Mapping[str, Transaction],
    receipts: Sequence[LabelReceipt],
    labels: Sequence[Label],
    path: Path,
) -> BySequence:
    """Advance each entity in the order of the decisions' and receipts' numbers.

    A receipt without its label among ``labels`` is passed over: it shows as a difference.
    """
    features = np.full((len(decisions), len(path.features)), np.nan, dtype=np.float32)
    known = {label_key(label): label for label in labels}
    broken = [f"decision {one.transaction_id}" for one in decisions if _elsewhere(one, payments)]
    differing = 0
    for entity in path.entities:
        events = _events(entity, decisions, payments, receipts if entity.learning else ())
        of_entity = features[:, path.columns[entity.name]]
        states: dict[str, bytes] = {}
        waiting: dict[int, Transaction] = {}
        for key, of_key in events.items():
            of_key.sort(key=lambda event: event[0])
            if not _counts_up([number for number, _ in of_key]):
                broken.append(f"{entity.name} {key}")
            if len(waiting) >= _BATCH:
                _visit(entity, waiting, states, of_entity)
                states.clear()  # no event of these keys is left
            for _, event in of_key:
                if isinstance(event, LabelReceipt):
                    _visit(entity, waiting, states, of_entity)
                    differing += _learn(entity, event, known, states)
                else:
                    waiting[event] = payments[decisions[event].transaction_id]
        _visit(entity, waiting, states, of_entity)
    return BySequence(features, broken, differing)


def follow_topic(
    decisions: Sequence[Decision], payments: Sequence[Transaction], path: Path
) -> ByTopic:
    """Advance each entity that payments visit first, in their order alone."""
    first = path.entities[0]
    rows = {decision.transaction_id: row for row, decision in enumerate(decisions)}
    features = np.full((len(decisions), len(first.features)), np.nan, dtype=np.float32)
    misplaced = 0
    for payment, step in zip(payments, visit(first, payments, {}), strict=True):
        row = rows.get(payment.transaction_id)
        if row is None or isinstance(step, REFUSALS):
            continue
        features[row] = step.values
        misplaced += decisions[row].sequence(first.name) != step.sequence
    return ByTopic(features, misplaced)


_Events = dict[str, list[tuple[int, int | LabelReceipt]]]
"""By the key of an entity: numbers in its sequence, each with a decision's row or a receipt."""


def _events(
    entity: Entity[Any],
    decisions: Sequence[Decision],
    payments: Mapping[str, Transaction],
    receipts: Sequence[LabelReceipt],
) -> _Events:
    """Return what each entity of a kind took in."""
    found: _Events = defaultdict(list)
    for row, decision in enumerate(decisions):
        key = entity.key(payments[decision.transaction_id])
        found[key].append((decision.sequence(entity.name), row))
    for receipt in receipts:
        assert entity.learning is not None
        found[entity.learning.key(receipt)].append((receipt.merchant_sequence, receipt))
    return found


def _visit(
    entity: Entity[Any],
    waiting: dict[int, Transaction],
    states: dict[str, bytes],
    features: Matrix,
) -> None:
    """Take the waiting payments to their entities, and fill in the features of their rows."""
    steps = visit(entity, waiting.values(), states)
    for row, step in zip(waiting, steps, strict=True):
        if not isinstance(step, REFUSALS):
            features[row] = step.values
    waiting.clear()


def _elsewhere(decision: Decision, payments: Mapping[str, Transaction]) -> bool:
    """Say whether a decision names another card or merchant than its payment."""
    paid = payments[decision.transaction_id]
    return (decision.card_id, decision.merchant_id) != (paid.card_id, paid.merchant_id)


def _learn(
    entity: Entity[Any],
    receipt: LabelReceipt,
    labels: Mapping[LabelKey, Label],
    states: dict[str, bytes],
) -> bool:
    """Take in the label of a receipt; return whether the receipt says something else of it."""
    label = labels.get(label_key(receipt))
    if label is None:
        return False
    assert entity.learning is not None
    (learnt,) = learn(entity.learning, (label,), states)
    return receipt.payment not in (None, learnt.payment)


def _counts_up(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(1, len(numbers) + 1))
