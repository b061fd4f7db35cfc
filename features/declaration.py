"""What the declaration of a feature says; definition.py puts the declarations in their order."""

from dataclasses import dataclass
from typing import Literal

from features.windows import window_name

Entity = Literal["payment", "card", "merchant"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the vector: of what, over which window (ms, None: none), in which unit."""

    name: str
    entity: Entity
    window_ms: int | None
    aggregate: str
    unit: str
    description: str


def windows(
    entity: Entity, windows_ms: tuple[int, ...], aggregate: str, unit: str, description: str
) -> tuple[Feature, ...]:
    """Declare one aggregate over several windows; `{w}` in the description is the window."""
    return tuple(
        Feature(
            name=f"{entity}_{aggregate}_{window_name(window_ms)}",
            entity=entity,
            window_ms=window_ms,
            aggregate=aggregate,
            unit=unit,
            description=description.format(w=window_name(window_ms)),
        )
        for window_ms in windows_ms
    )
