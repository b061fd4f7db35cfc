"""Scene of an attack: the world at its beginning, and steps that several attacks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from producer.world.population.arrays import GENUINE, NO_DEVICE, NOWHERE, Floats, Ints, Payments
from producer.world.population.habits import one_off_devices, usual_amounts
from producer.world.population.merchants import CATEGORY_NUMBERS, Merchants
from producer.world.population.people import People

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
_LEAST_MINOR: Final = 20


class Victim(NamedTuple):
    """A card, and the genuine payment behind which its attack begins."""

    person: int
    time_ms: int
    city: int


@dataclass(frozen=True, slots=True)
class Scene:
    """The world on the day on which an attack begins.

    `genuine` holds the day's genuine payments; `end_ms` is where the world ends; `apart_km` is as
    distances_km, and `ahead_ms` as ahead_ms at the day's first midnight. An episode draws from
    `rng`, which is its own.
    """

    rng: np.random.Generator
    people: People
    merchants: Merchants
    apart_km: Floats
    genuine: Payments
    ahead_ms: Ints
    day_start_ms: int
    end_ms: int

    def victim(self, card_present: bool = False) -> Victim:
        """Pick the card of one of the day's genuine payments, so one that is in use.

        Where the day has none, it is anyone at noon.
        """
        rows = np.arange(len(self.genuine))
        if card_present:
            rows = np.flatnonzero(self.genuine.city != NOWHERE)
        if not len(rows):
            person = int(self.rng.integers(len(self.people.home)))
            return Victim(person, self.day_start_ms + DAY_MS // 2, int(self.people.home[person]))
        row = rows[self.rng.integers(len(rows))]
        person = int(self.genuine.person[row])
        return Victim(person, int(self.genuine.time_ms[row]), int(self.genuine.city[row]))

    def any_of(self, categories: tuple[str, ...], count: int) -> Ints:
        """Draw merchants of some categories, each of the same chance, by popularity."""
        numbers = np.array([CATEGORY_NUMBERS[name] for name in categories])
        return self.merchants.kinds.draw(self.rng, self.rng.choice(numbers, count))

    def spread(self, start_ms: int, span_ms: float, count: int) -> Ints:
        """Draw rising times within a span behind a start."""
        return np.sort(start_ms + (self.rng.random(count) * span_ms).astype(np.int64))

    def waking(self, person: int, times_ms: Ints, awake_share: float = 0.85) -> Ints:
        """Move most times of the person's night, 22 to 6 at home, to the day to hide them."""
        hour = (times_ms + self.ahead_ms[self.people.home[person]]) // HOUR_MS % 24
        night = (hour >= 22) | (hour < 6)
        moved = night & (self.rng.random(len(times_ms)) < awake_share)
        return np.sort(np.where(moved, times_ms + 9 * HOUR_MS, times_ms))

    def amounts(self, person: int, merchant: Ints, factor: float | Floats) -> Ints:
        """Draw amounts in minor units: what the person would pay there, times a factor."""
        usual = usual_amounts(self.people, self.merchants, np.full(len(merchant), person), merchant)
        spread = self.rng.lognormal(0.0, self.merchants.spread[merchant])
        amounts: Ints = np.rint(usual * spread * factor * 100).astype(np.int64)
        return amounts

    def stranger(self, unsent_share: float) -> int:
        """Return a device that the card was never used on; none where the shop sends none."""
        if self.rng.random() < unsent_share:
            return NO_DEVICE
        return int(one_off_devices(self.rng, 1)[0])

    def own_device(self, person: int) -> int:
        """Return the first device of a person."""
        return int(self.people.main_device(np.array([person]), 0)[0])

    def episode(
        self, person: int, times_ms: Ints, merchant: Ints, amount_minor: Ints, device: int
    ) -> Payments:
        """Return fraudulent payments of one card; the device is sent with online ones only."""
        count = len(times_ms)
        online = self.merchants.online[merchant]
        return Payments(
            time_ms=times_ms,
            person=np.full(count, person),
            merchant=merchant,
            amount_minor=np.maximum(amount_minor, _LEAST_MINOR),
            city=np.where(online, NOWHERE, self.merchants.city[merchant]),
            device=np.where(online, device, NO_DEVICE),
            scenario=np.full(count, GENUINE),
            episode=np.full(count, GENUINE),
        )

    def within(self, times_ms: Ints) -> Ints:
        """Move rising times behind the end of the world in front of it, after the first one."""
        first = min(int(times_ms[0]), self.end_ms - 1)
        anew = first + (self.rng.random(len(times_ms)) * (self.end_ms - first)).astype(np.int64)
        return np.where(times_ms >= self.end_ms, anew, times_ms)


Draw = Callable[[Scene, int, float], list[Payments]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of attack, as the catalogue lists it.

    `draw(scene, size, span_days)` returns the payments of each card attacked, `size` in all, in
    any order; a person is one episode.
    `size` and `span_days` are ranges; `trend` is how much more often it begins at the end of the
    period than at its start (-1 to 1); `seen_by` names features that should see it.
    """

    name: str
    story: str
    size: tuple[int, int]
    span_days: tuple[float, float]
    trend: float
    seen_by: tuple[str, ...]
    draw: Draw
