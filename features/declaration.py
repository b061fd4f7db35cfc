"""What the declaration of a feature says, and what its teller is given and returns.

One object declares a feature once: what it is called, what it measures, its words, its reason code
and how to speak of it. The vector, the slots of the kernels and the reasons are built from these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from features.windows import window_name

Entity = Literal["payment", "card", "merchant"]


class Values(Protocol):
    """One payment's values, None where one is missing or not an input of the model."""

    def get(self, name: str) -> float | None:
        """Return the value of a column by its name."""

    def of(self, entity: Entity, aggregate: str, window_ms: int | None = None) -> float | None:
        """Return the value of a declared aggregate, which has a window if it has several.

        KeyError where the catalogue declares no such feature.
        """


class Usual(NamedTuple):
    """How a feature was distributed over the present values of the training data."""

    median: float
    mean: float


class Phrase(NamedTuple):
    """A sentence of a reason, and the value that is normal, None where nothing is."""

    normal: float | None
    sentence: str


class Told(NamedTuple):
    """A feature to speak of: its value, its training data, and the payment's other values."""

    feature: Feature
    value: float
    training: Usual
    values: Values


Teller = Callable[[Told], Phrase | None]
"""Speaks of a present value. None leaves it to the feature's description."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the vector.

    `window_ms` is the window that the number is measured over, None where there is none.
    `reason` is the stable code that an alert names the feature under: systems of customers match
    codes, so codes are added and never renamed. `tell` makes a sentence of a value and `missing`
    stands for a value that is not there; without them the description speaks.
    """

    name: str
    entity: Entity
    window_ms: int | None
    aggregate: str
    unit: str
    description: str
    reason: str
    tell: Teller | None
    missing: str | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What a kernel measures under one name, `plan.NAME` in its code.

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
    reason: str,
    tell: Teller | None = None,
    missing: str | None = None,
    window_ms: int | None = None,
) -> Aggregate:
    """Declare an aggregate that is a single feature."""
    feature = Feature(name, entity, window_ms, aggregate, unit, description, reason, tell, missing)
    return Aggregate(aggregate, (feature,), None)


def each_window(
    entity: Entity,
    aggregate: str,
    unit: str,
    description: str,
    *,
    reason: str,
    tell: Teller | None = None,
    windows_ms: tuple[int, ...],
    steps_ms: tuple[int, ...],
) -> Aggregate:
    """Declare an aggregate with a feature for each window; `{w}` in the description names it.

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
            reason=reason,
            tell=tell,
            missing=None,
        )
        for window_ms in windows_ms
    )
    return Aggregate(aggregate, features, steps_ms)
