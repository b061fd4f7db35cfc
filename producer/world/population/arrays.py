"""Arrays that the world is made of, and weighted draws from groups."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
GENUINE = -1
NOWHERE = -1
NO_DEVICE = -1


@dataclass(slots=True)
class Payments:
    """n payments as columns: numbers of people, merchants, cities and devices.

    `city` is NOWHERE for an online payment, `device` NO_DEVICE where none was sent, `scenario`
    and `episode` GENUINE where there is no fraud. Episodes count attacked cards.
    """

    time_ms: Ints
    person: Ints
    merchant: Ints
    amount_minor: Ints
    city: Ints
    device: Ints
    scenario: Ints
    episode: Ints

    def __len__(self) -> int:
        return len(self.time_ms)

    def take(self, rows: npt.NDArray[np.int64] | Mask) -> Payments:
        """Return the rows chosen by number or by mask."""
        return Payments(*(getattr(self, field.name)[rows] for field in fields(self)))


def joined(parts: list[Payments]) -> Payments:
    """Return the rows of one or more parts, in their order."""
    names = [field.name for field in fields(Payments)]
    return Payments(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def no_payments() -> Payments:
    """Return no rows."""
    return Payments(*(np.empty(0, np.int64) for _ in fields(Payments)))


class Urn:
    """Members of groups, drawn by weight within a group.

    `members` are numbers int64[n], `groups` int64[n] their groups, `weights` float64[n] above 0.
    """

    def __init__(self, members: Ints, groups: Ints, weights: Floats, group_count: int) -> None:
        order = np.argsort(groups, kind="stable")
        self._members = members[order]
        self._first = np.searchsorted(groups[order], np.arange(group_count + 1))
        self._below = np.concatenate([[0.0], np.cumsum(weights[order])])

    def draw(self, rng: np.random.Generator, groups: Ints) -> Ints:
        """Return one member for each of int64[n] groups; none of these groups may be empty."""
        first, last = self._first[groups], self._first[groups + 1]
        low, high = self._below[first], self._below[last]
        found = np.searchsorted(self._below, low + rng.random(len(groups)) * (high - low), "right")
        # A sum that was rounded may point one beyond the group.
        drawn: Ints = self._members[np.clip(found - 1, first, last - 1)]
        return drawn


def draw_weighted(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """Return count numbers of weights float64[n], int64[count]."""
    below = np.cumsum(weights)
    found = np.searchsorted(below, rng.random(count) * below[-1], side="right")
    drawn: Ints = np.minimum(found, len(weights) - 1).astype(np.int64)
    return drawn
