"""Genuine payments of one day: who pays where, when, how much and from which device."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np

from producer.world.population.arrays import (
    GENUINE,
    NO_DEVICE,
    NOWHERE,
    Floats,
    Ints,
    Mask,
    Payments,
    draw_weighted,
)
from producer.world.population.merchants import Merchants
from producer.world.population.people import DEVICE_SLOTS, FAVOURITE_SHOPS, FAVOURITE_SITES, People
from producer.world.population.places import ahead_ms
from producer.world.population.seasons import amount_level, online_level
from producer.world.population.world import World

ONE_OFF_DEVICES: Final = 1 << 35
"""Devices used once, of friends, hotels or thieves, are numbered from here up.

Their numbers have 11 digits: one of 12 or more can be a card number, which the job refuses.
"""

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_SATURDAY: Final = 5
_FAVOURITE_SHARE: Final = 0.65
_ELSEWHERE_SHARE: Final = 0.02
"""Card-present payments that carry the place of another city: the terminal is registered there,
or somebody of the family has the second card."""
_UNSENT_DEVICE_SHARE: Final = 0.15
_ONE_OFF_SHARE: Final = 0.012
_MAIN_DEVICE_SHARE: Final = 0.8
_ANY_HOUR_SHARE: Final = 0.06
_LEAST_MINOR: Final = 20
_LARGE_SHARE: Final = 0.008
_LARGE_FACTOR: Final = (3.0, 15.0)
_NOON_MS: Final = 12 * _HOUR_MS
_ARRIVAL_MS: Final = _NOON_MS
"""Before noon of the first day of a trip one is still at home."""


def genuine_day(
    rng: np.random.Generator,
    world: World,
    date: datetime,
    day: int,
    progress: float,
    count: int,
) -> Payments:
    """Draw the genuine payments of a day, in no order; progress is 0 to 1 over the period."""
    people, merchants, cities = world.people, world.merchants, world.cities
    weekend = date.weekday() >= _SATURDAY
    person = _payers(rng, people, weekend, count)
    city = people.whereabouts(day)[person]
    midnight_ms = int(date.timestamp() * 1000)
    ahead = ahead_ms(cities, midnight_ms + _NOON_MS)[city]
    time_ms = _times(rng, people, person, ahead, weekend)
    leaves = (people.whereabouts(day - 1)[person] == people.home[person]) & (time_ms < _ARRIVAL_MS)
    city = np.where(leaves, people.home[person], city)
    online = rng.random(count) < people.online[person] * online_level(date, progress)
    merchant = np.where(
        online,
        _sites(rng, people, merchants, person),
        _shops(rng, people, merchants, person, city),
    )
    city = merchants.city[merchant]
    stray = rng.random(count) < _ELSEWHERE_SHARE
    city = np.where(stray, rng.integers(0, len(cities), count), city)
    amount = _amounts(rng, people, merchants, person, merchant) * amount_level(date, progress)
    return Payments(
        time_ms=midnight_ms + time_ms,
        person=person,
        merchant=merchant,
        amount_minor=np.maximum(amount * 100, _LEAST_MINOR).astype(np.int64),
        city=np.where(online, NOWHERE, city),
        device=np.where(online, _devices(rng, people, person, day), NO_DEVICE),
        scenario=np.full(count, GENUINE),
        episode=np.full(count, GENUINE),
    )


def usual_amounts(people: People, merchants: Merchants, person: Ints, merchant: Ints) -> Floats:
    """Return the median in euros of each person's payments at each merchant, float64[n]."""
    taste = people.taste[person, merchants.category[merchant]]
    usual: Floats = merchants.median[merchant] * people.level[person] * taste
    return usual


def _payers(rng: np.random.Generator, people: People, weekend: bool, count: int) -> Ints:
    activity = people.activity * people.weekend if weekend else people.activity
    return draw_weighted(rng, activity, count)


def _times(
    rng: np.random.Generator, people: People, person: Ints, ahead: Ints, weekend: bool
) -> Ints:
    """Return times in the UTC day, milliseconds; people are an hour later at weekends.

    ahead is by how many milliseconds each one's clock is ahead of UTC.
    """
    habit = rng.normal(people.peak_hour[person] + weekend, people.hour_spread[person])
    anyhow = rng.uniform(0.0, 24.0, len(person))
    local = np.where(rng.random(len(person)) < _ANY_HOUR_SHARE, anyhow, habit)
    times_ms = (local * _HOUR_MS - ahead) % _DAY_MS
    return np.minimum(times_ms, _DAY_MS - 1).astype(np.int64)


def _shops(
    rng: np.random.Generator, people: People, merchants: Merchants, person: Ints, city: Ints
) -> Ints:
    """Return a favourite shop for those at home, mostly, else any shop of the city."""
    at_home = city == people.home[person]
    favours = at_home & (rng.random(len(person)) < _FAVOURITE_SHARE)
    favourite = people.shops[person, _rank(rng, len(person), FAVOURITE_SHOPS)]
    return np.where(favours, favourite, merchants.shops.draw(rng, city))


def _sites(rng: np.random.Generator, people: People, merchants: Merchants, person: Ints) -> Ints:
    favours = rng.random(len(person)) < _FAVOURITE_SHARE
    favourite = people.sites[person, _rank(rng, len(person), FAVOURITE_SITES)]
    anywhere = merchants.online_shops.draw(rng, np.zeros(len(person), np.int64))
    return np.where(favours, favourite, anywhere)


def _rank(rng: np.random.Generator, count: int, ranks: int) -> Ints:
    """Return places in a list of favourites; the first ones come more often."""
    return (ranks * rng.random(count) ** 1.7).astype(np.int64)


def _amounts(
    rng: np.random.Generator, people: People, merchants: Merchants, person: Ints, merchant: Ints
) -> Floats:
    usual = usual_amounts(people, merchants, person, merchant)
    amount = usual * rng.lognormal(0.0, merchants.spread[merchant])
    large: Mask = rng.random(len(person)) < _LARGE_SHARE
    raised: Floats = np.where(large, amount * rng.uniform(*_LARGE_FACTOR, len(person)), amount)
    return raised


def _devices(rng: np.random.Generator, people: People, person: Ints, day: int) -> Ints:
    """Return the device of each online payment: the main one, another own one, any, or none."""
    count = len(person)
    own = person * DEVICE_SLOTS + (rng.random(count) * people.devices[person]).astype(np.int64)
    main = people.main_device(person, day)
    device = np.where(rng.random(count) < _MAIN_DEVICE_SHARE, main, own)
    kind = rng.random(count)
    device = np.where(kind < _ONE_OFF_SHARE, one_off_devices(rng, count), device)
    return np.where(kind > 1 - _UNSENT_DEVICE_SHARE, NO_DEVICE, device)


def one_off_devices(rng: np.random.Generator, count: int) -> Ints:
    """Return devices that nobody else has, int64[count]."""
    return ONE_OFF_DEVICES + rng.integers(0, ONE_OFF_DEVICES, count)
