"""The way of a payment, written once: the entities that it visits, in their order.

The job's stages, the replays of training and of parity, the peers and the benchmarks take the
order, the keys and the features from here. A payment visits each entity of the path. The entity's
state and the payment give the next state and the entity's features. Behind the last entity
`scoring.answer` scores the request and decides.

Functions take a batch of payments and give one result for each, in their order; one payment is a
batch of one. A refused payment is a value in its place, so no payment fails another one. A damaged
state is no payment's fault: its StateError ends the batch and leaves all states as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar, get_args

import numpy as np
import numpy.typing as npt

from events.decision import Flag
from events.errors import EventError
from events.label import Label
from events.receipt import LabelReceipt
from events.transaction import Transaction
from features.card import transition as card
from features.card.transition import CardStep
from features.catalogue import CARD_FEATURES, MERCHANT_FEATURES
from features.merchant import transition as merchant
from features.merchant.transition import LabelStep, MerchantStep
from features.money.rates import Rates

_FLAG_ORDER: Final = get_args(Flag)


class Step(Protocol):
    """The outcome of one payment at an entity."""

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The entity's features of the payment, float32[f]."""

    @property
    def sequence(self) -> int:
        """The payment's number at the entity, from 1."""

    @property
    def late(self) -> bool:
        """True if the payment is so far behind the newest one that windows may lack payments."""

    @property
    def compacted(self) -> bool:
        """True if part of the history is in buckets."""


class FirstStep(Step, Protocol):
    """The outcome of one payment at the first entity of a path, which converts its amount."""

    @property
    def no_rate(self) -> bool:
        """True if the payment's currency has no rate."""


class Repeated:
    """The result of a payment that has been taken in before: nothing follows from it."""


REPEATED: Final = Repeated()
Refusal = Repeated | EventError
"""Why a payment was not taken in; the state of its entity is as before."""
REFUSALS: Final = (Repeated, EventError)

S = TypeVar("S", bound=Step)


States = MutableMapping[str, bytes]
"""Packed states by the key of their entity."""


@dataclass(frozen=True)
class Learning:
    """The way of labels to an entity: the key of a label or its receipt, and the transition."""

    key: Callable[[Label | LabelReceipt], str]
    learn: Callable[[bytes | None, Label], LabelStep]


@dataclass(frozen=True)
class Entity(Generic[S]):
    """One entity on the path.

    Attributes:
        name: As decisions and states name it.
        key: The entity of a payment.
        advance: The transition of a batch: payments, the key of each, and the states, which are
            changed in place, give a step for each payment. Only the first entity of a path may
            refuse a payment, before another one has taken it in.
        features: Names of the step's values, in their order.
        late: The decision's flag for a late step, None where a step is never late.
        compacted: The decision's flag for a step with compacted history, None likewise.
        learning: How labels reach the entity, where they do: at one entity of a path.
    """

    name: str
    key: Callable[[Transaction], str]
    advance: Callable[[Sequence[Transaction], Sequence[str], States], Sequence[S | Refusal]]
    features: tuple[str, ...]
    late: Flag | None = None
    compacted: Flag | None = None
    learning: Learning | None = None

    def flags_of(self, step: S) -> list[Flag]:
        """Return the flags that a step raises."""
        marks = ((step.late, self.late), (step.compacted, self.compacted))
        return [flag for raised, flag in marks if raised and flag]


@dataclass(frozen=True)
class Path:
    """The entities of a payment, in the order of its visits, and the rates that they convert by.

    ValueError where two entities share a name or a feature, or where not exactly one learns.
    """

    entities: tuple[Entity[Any], ...]
    rates: Rates

    def __post_init__(self) -> None:
        names = [entity.name for entity in self.entities]
        if len(set(names)) != len(names) or len(set(self.features)) != len(self.features):
            raise ValueError("entities or features of a path share a name: name each once")
        if sum(entity.learning is not None for entity in self.entities) != 1:
            raise ValueError("a label has one receipt, so one entity of a path has to learn")

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of all features, in the order of a request's vector."""
        return tuple(name for entity in self.entities for name in entity.features)

    @cached_property
    def columns(self) -> dict[str, slice]:
        """Places of each entity's features in a vector, by the entity's name."""
        found, start = {}, 0
        for entity in self.entities:
            found[entity.name] = slice(start, start + len(entity.features))
            start += len(entity.features)
        return found

    def entity(self, name: str) -> Entity[Any]:
        """Return an entity by its name; KeyError where the path has none of it."""
        return {entity.name: entity for entity in self.entities}[name]

    def after(self, name: str) -> Entity[Any]:
        """Return the entity that a payment visits next; IndexError behind the last one."""
        return self.entities[self.entities.index(self.entity(name)) + 1]

    @cached_property
    def learning(self) -> Learning:
        """The way of labels to the one entity that learns."""
        (found,) = (entity.learning for entity in self.entities if entity.learning)
        return found


def visit(entity: Entity[S], payments: Iterable[Transaction], states: States) -> list[S | Refusal]:
    """Take payments to their entities, in their order, and return what each of them made.

    ``states`` are changed in place, so a payment sees those of its key before it. A refused payment
    leaves its state as it was. Raises StateError for a state that cannot be read; then all states
    are as before.
    """
    batch = [*payments]
    return [*entity.advance(batch, [*map(entity.key, batch)], states)]


def learn(learning: Learning, labels: Iterable[Label], states: States) -> list[LabelStep]:
    """Take labels to their entities, in their order, and return what each of them found."""
    found = []
    for label in labels:
        key = learning.key(label)
        step = learning.learn(states.get(key), label)
        states[key] = step.state
        found.append(step)
    return found


def in_order(flags: list[Flag]) -> list[Flag]:
    """Return flags in the order that decisions have them in."""
    return sorted(flags, key=_FLAG_ORDER.index) if len(flags) > 1 else flags


def payment_path(rates: Rates) -> Path:
    """Return the path of the product: the card, then the merchant, amounts converted by rates.

    The card first, because Kafka keeps the payments of a card in order, so the card's features are
    the same at every parallelism, and because repeats and reused ids end there.
    """
    return Path((_card(rates), _merchant(rates)), rates)


def _card(rates: Rates) -> Entity[CardStep]:
    def advance(
        payments: Sequence[Transaction], cards: Sequence[str], states: States
    ) -> list[CardStep | Refusal]:
        steps: list[CardStep | Refusal] = [*card.advance(payments, cards, states, rates)]
        for place, step in enumerate(steps):
            if isinstance(step, CardStep) and not step.accepted:
                steps[place] = refusal(payments[place], step)
        return steps

    return Entity(
        name="card",
        key=attrgetter("card_id"),
        advance=advance,
        features=tuple(feature.name for feature in CARD_FEATURES),
        late="late",
        compacted="compacted_card",
    )


def refusal(payment: Transaction, step: CardStep) -> Refusal:
    """Return why a card did not take a payment in."""
    return REPEATED if step.repeated else card.reused_id(payment, step)


def _merchant(rates: Rates) -> Entity[MerchantStep]:
    return Entity(
        name="merchant",
        key=attrgetter("merchant_id"),
        advance=partial(merchant.advance, rates=rates),
        features=tuple(feature.name for feature in MERCHANT_FEATURES),
        late="late_merchant",
        compacted="compacted_merchant",
        learning=Learning(attrgetter("merchant_id"), partial(merchant.learn, rates=rates)),
    )
