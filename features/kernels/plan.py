"""Slots of a kernel in its stage's vector, built from the declarations.

A plan is a named tuple with a field for each aggregate: the slot of a single feature, or the slots
for each window that the kernel steps through, -1 where a window has no feature. The kernels close
over their plans, so that slots are constants of the machine code.
"""

from collections import namedtuple
from typing import Any, Final, TypeAlias, cast

from features.declaration import Aggregate
from features.kernels.compiled import SOURCES

Plan: TypeAlias = Any
"""Only the catalogue says which fields a plan has; a test compares them with the kernels' code."""

_named: Final = cast(Any, namedtuple)  # whose fields mypy wants to know beforehand


def plan_of(
    name: str, module: str, aggregates: tuple[Aggregate, ...], **constants: int | tuple[int, ...]
) -> Plan:
    """Return the plan of a stage, and `constants` beside its slots.

    `name` is what `module` calls the type of the plan: cached machine code finds the type there.
    The field `sources` is the digest of this package, and so a part of the cache's key.
    """
    slots: dict[str, int | tuple[int, ...]] = {}
    first = 0
    for aggregate in aggregates:
        slots[aggregate.name] = _slots(aggregate, first)
        first += len(aggregate.features)
    fields = slots | constants | {"sources": SOURCES}
    if len(fields) < len(aggregates) + len(constants) + 1:
        raise ValueError(f"two fields of {name} have one name: {[one.name for one in aggregates]}")
    return _named(name, fields, module=module)(**fields)


def _slots(aggregate: Aggregate, first: int) -> int | tuple[int, ...]:
    """Return where an aggregate's features lie whose first is at `first`."""
    if aggregate.steps_ms is None:
        return first
    places = {feature.window_ms: first + i for i, feature in enumerate(aggregate.features)}
    return tuple(places.get(window_ms, -1) for window_ms in aggregate.steps_ms)
