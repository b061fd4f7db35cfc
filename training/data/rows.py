"""Payments as models take them: columns, targets, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.arrays import Floats, Ints
from training.fit_settings import Targets

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """n payments in order of time: columns float32[n, k], targets 0, 1 or -1, cards, epoch ms.

    ``cards`` are numbers that stand for cards.
    """

    columns: Floats
    targets: Targets
    cards: Ints
    times_ms: Ints

    def __getitem__(self, kept: slice | Mask) -> Rows:
        """Keep some payments, by a mask bool[n] or a slice."""
        return Rows(self.columns[kept], self.targets[kept], self.cards[kept], self.times_ms[kept])
