"""People: homes, habits, devices, favourite merchants and trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from producer.world.population.arrays import Floats, Ints, Urn, draw_weighted
from producer.world.population.merchants import CATEGORIES, Merchants
from producer.world.population.places import City

FAVOURITE_SHOPS: Final = 8
FAVOURITE_SITES: Final = 4
DEVICE_SLOTS: Final = 64
"""Devices are numbered person x DEVICE_SLOTS + slot; slots from 8 up replace the first device."""
FIRST_REPLACEMENT: Final = 8

_ACTIVITY_SPREAD: Final = 1.2
"""Log-normal: the card of the average payment is used exp(1.2²) = 4.2 times as much as the
average card."""
_LEVEL_SPREAD: Final = 0.35
_TASTE_SPREAD: Final = 0.2
_DEVICE_COUNTS: Final = (0.5, 0.35, 0.15)
_DEVICE_LASTS_DAYS: Final = 300.0
_TRIPS_A_DAY: Final = 1 / 90
_TRIP_DAYS: Final = (1, 9)
_FAR_SHARE: Final = 0.25
"""So many trips go to any city; the rest to one that is near."""
_NEAR_KM: Final = 700.0


@dataclass(frozen=True, slots=True)
class Trips:
    """Stays away from home: person, first and last day (inclusive) and city, int64[t] each."""

    person: Ints
    first_day: Ints
    last_day: Ints
    city: Ints


@dataclass(frozen=True, slots=True)
class People:
    """n people, one card each.

    `activity` weighs how often they pay, `weekend` multiplies that on Saturday and Sunday,
    `level` multiplies amounts, `taste` (float32[n, categories]) those of a category, `online` is
    their share of online payments. `peak_hour` and `hour_spread` say when they pay (local time).
    `new_device_day` is when they first replace their main device, after that every
    `device_lasts` days. `shops` and `sites` are favourites, int64[n, k], dearest first.
    """

    home: Ints
    activity: Floats
    weekend: Floats
    level: Floats
    taste: npt.NDArray[np.float32]
    online: Floats
    peak_hour: Floats
    hour_spread: Floats
    devices: Ints
    new_device_day: Floats
    device_lasts: Floats
    shops: Ints
    sites: Ints
    trips: Trips

    def main_device(self, person: Ints, day: int) -> Ints:
        """Return the device that each person mostly uses on a day, numbered from 0."""
        since = day - self.new_device_day[person]
        changes = np.where(since < 0, 0, since // self.device_lasts[person] + 1).astype(np.int64)
        room = DEVICE_SLOTS - FIRST_REPLACEMENT
        slot = np.where(changes == 0, 0, FIRST_REPLACEMENT + (changes - 1) % room)
        device: Ints = person * DEVICE_SLOTS + slot
        return device

    def whereabouts(self, day: int) -> Ints:
        """Return the city in which each person is on a day, int64[n]."""
        city = self.home.copy()
        away = (self.trips.first_day <= day) & (day <= self.trips.last_day)
        city[self.trips.person[away]] = self.trips.city[away]
        return city


def draw_people(
    rng: np.random.Generator,
    count: int,
    days: int,
    merchants: Merchants,
    cities: tuple[City, ...],
    apart_km: Floats,
) -> People:
    """Draw people who live in the cities and shop at the merchants; apart_km as distances_km."""
    home = draw_weighted(rng, np.array([float(city.people) for city in cities]), count)
    lasts = rng.uniform(0.5, 1.5, count) * _DEVICE_LASTS_DAYS
    shops = [merchants.shops.draw(rng, home) for _ in range(FAVOURITE_SHOPS)]
    alike = np.zeros(count, np.int64)
    sites = [merchants.online_shops.draw(rng, alike) for _ in range(FAVOURITE_SITES)]
    return People(
        home=home,
        activity=rng.lognormal(0.0, _ACTIVITY_SPREAD, count),
        weekend=rng.lognormal(0.0, 0.3, count),
        level=rng.lognormal(0.0, _LEVEL_SPREAD, count),
        taste=rng.lognormal(0.0, _TASTE_SPREAD, (count, len(CATEGORIES))).astype(np.float32),
        online=rng.beta(2.0, 4.0, count),
        peak_hour=rng.normal(15.0, 2.5, count),
        hour_spread=rng.uniform(2.0, 4.5, count),
        devices=1 + draw_weighted(rng, np.array(_DEVICE_COUNTS), count),
        new_device_day=rng.uniform(0.0, 1.0, count) * lasts,
        device_lasts=lasts,
        shops=np.stack(shops, axis=1),
        sites=np.stack(sites, axis=1),
        trips=_draw_trips(rng, home, days, apart_km),
    )


def _draw_trips(rng: np.random.Generator, home: Ints, days: int, apart_km: Floats) -> Trips:
    """Draw trips in order of person; where two overlap, the later one counts."""
    number = rng.poisson(_TRIPS_A_DAY * days, len(home))
    person = np.repeat(np.arange(len(home)), number)
    first = rng.integers(0, days, len(person))
    last = first + rng.integers(_TRIP_DAYS[0], _TRIP_DAYS[1], len(person))
    anywhere = rng.integers(0, len(apart_km), len(person))
    city = np.where(
        rng.random(len(person)) < _FAR_SHARE,
        anywhere,
        _near_city(rng, home[person], apart_km),
    )
    return Trips(person, first, last, city)


def _near_city(rng: np.random.Generator, home: Ints, apart_km: Floats) -> Ints:
    """Return another city within reach of each home, or the nearest one where none is."""
    others = apart_km + np.where(np.eye(len(apart_km), dtype=np.bool_), np.inf, 0.0)
    reachable = others <= np.maximum(_NEAR_KM, others.min(axis=1, keepdims=True))
    pairs_home, pairs_city = np.nonzero(reachable)
    urn = Urn(pairs_city, pairs_home, np.ones(len(pairs_city)), len(apart_km))
    return urn.draw(rng, home)
