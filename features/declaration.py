"""Declaration of a feature, and what its teller is given and returns.

One object declares a feature once: what it is called, what it measures, its words, its reason code
and when and how it is told. The vector, the slots of the kernels and the reasons are built from
these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from features.windows import span, window_name

Entity = Literal["payment", "card", "merchant"]

Side = Literal["above", "below", "either", "present"]
"""Where a value is evidence: on which side of its usual value, or by being there at all."""


class Values(Protocol):
    """One payment's values, None where one is missing or not an input of the model."""

    def get(self, name: str) -> float | None:
        """Return the value of a column by its name."""

    def of(self, entity: Entity, aggregate: str, window_ms: int | None = None) -> float | None:
        """Return the value of a declared aggregate, which has a window if it has several.

        KeyError where the catalogue declares no such feature.
        """

    def paid(self) -> str:
        """Return the payment's own amount in words, exact, with its currency.

        Behind an amount in another currency than the reference stands its value in that.
        """

    def money(self, major: float) -> str:
        """Return an amount in words that a feature holds, with the reference currency."""

    def clock(self) -> str:
        """Return the words for the clock that gives the payment its hour, to stand behind a time.

        They are "in the cardholder's time zone", or "UTC" where none is known.
        """


class Usual(NamedTuple):
    """Distribution of a feature over the present values of the training data.

    One value in twenty lies below `low`, one in twenty above `high`.
    """

    median: float
    mean: float
    low: float
    high: float


class Phrase(NamedTuple):
    """A sentence of a reason, and the usual value in the feature's unit, None where none is.

    `about` names what the sentence says where features of several codes may say it: an alert says
    it once.
    """

    normal: float | None
    sentence: str
    about: str | None = None


class Told(NamedTuple):
    """A present value to speak of: its feature, its training, and the payment's other values."""

    feature: Feature
    value: float
    training: Usual
    values: Values


Teller = Callable[[Told], Phrase | None]
"""Speaks of a value that is unusual for the card or merchant; None where it is not."""


class Telling(NamedTuple):
    """When a feature is evidence of fraud, and who puts its value in words.

    A teller's phrase counts only where the value lies strictly on the side of its usual value.
    """

    side: Side
    teller: Teller


def above(teller: Teller) -> Telling:
    """Return a telling for a feature that is evidence above its usual value."""
    return Telling("above", teller)


def below(teller: Teller) -> Telling:
    """Return a telling for a feature that is evidence below its usual value."""
    return Telling("below", teller)


def either(teller: Teller) -> Telling:
    """Return a telling for a feature that is evidence far above and far below its usual value."""
    return Telling("either", teller)


def present(teller: Teller) -> Telling:
    """Return a telling for a feature without a usual value, whose value itself is evidence."""
    return Telling("present", teller)


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the vector.

    `window_ms` is the window that the number is measured over, None where there is none.
    `label` names the feature in the middle of a sentence. `reason` is the stable code that an alert
    names the feature under: systems of customers match codes, so codes are added and never renamed.
    `tell` says when a value is evidence and in which words; without it the feature is no reason.
    """

    name: str
    entity: Entity
    window_ms: int | None
    aggregate: str
    unit: str
    description: str
    label: str
    reason: str
    tell: Telling | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Measure of a kernel under one name, `plan.NAME` in its code.

    It is one feature, or one for each window: then `steps_ms` are the windows that the kernel
    steps through, of which some may have no feature.
    """

    name: str
    features: tuple[Feature, ...]
    steps_ms: tuple[int, ...] | None


def one(
    entity: Entity,
    aggregate: str,
    name: str,
    unit: str,
    description: str,
    *,
    label: str,
    reason: str,
    tell: Telling | None = None,
    window_ms: int | None = None,
) -> Aggregate:
    """Declare an aggregate that is a single feature."""
    feature = Feature(name, entity, window_ms, aggregate, unit, description, label, reason, tell)
    return Aggregate(aggregate, (feature,), None)


def each_window(
    entity: Entity,
    aggregate: str,
    unit: str,
    description: str,
    *,
    label: str,
    reason: str,
    tell: Telling | None = None,
    windows_ms: tuple[int, ...],
    steps_ms: tuple[int, ...],
) -> Aggregate:
    """Declare an aggregate with a feature for each window; `{w}` in its words names the window.

    `steps_ms` are the windows that the kernel steps through, `windows_ms` those of the features.
    """
    features = tuple(
        Feature(
            name=f"{entity}_{aggregate}_{window_name(window_ms)}",
            entity=entity,
            window_ms=window_ms,
            aggregate=aggregate,
            unit=unit,
            description=description.format(w=window_name(window_ms)),
            label=label.format(w=span(window_ms)),
            reason=reason,
            tell=tell,
        )
        for window_ms in windows_ms
    )
    return Aggregate(aggregate, features, steps_ms)
