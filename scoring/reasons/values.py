"""The values of one payment, by their features, for sentences that speak of more than one."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from features.catalogue import name_of
from features.declaration import Entity


class RowValues:
    """One payment's vector float32[n], read by the names of its columns."""

    def __init__(self, row: npt.NDArray[np.float32], places: Mapping[str, int]) -> None:
        self._row = row
        self._places = places

    def get(self, name: str) -> float | None:
        """Return a value by its column's name, None where it is missing or no such column."""
        place = self._places.get(name)
        value = math.nan if place is None else self._row.item(place)
        return None if math.isnan(value) else value

    def of(self, entity: Entity, aggregate: str, window_ms: int | None = None) -> float | None:
        """Return the value of a declared aggregate; KeyError where none is declared."""
        return self.get(name_of(entity, aggregate, window_ms))
