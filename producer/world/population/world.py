"""The still part of a world: cities, merchants and people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from producer.world.population.arrays import Floats
from producer.world.population.merchants import Merchants, draw_merchants
from producer.world.population.people import People, draw_people
from producer.world.population.places import CITIES, City, distances_km


@dataclass(frozen=True, slots=True)
class World:
    """Constants of a world over its days; apart_km is float64[cities, cities]."""

    cities: tuple[City, ...]
    apart_km: Floats
    merchants: Merchants
    people: People


def draw_world(rng: np.random.Generator, users: int, merchants: int, days: int) -> World:
    """Draw a world; days is how long its people are followed."""
    shops, cities = draw_merchants(rng, merchants, CITIES)
    apart_km = distances_km(cities)
    return World(cities, apart_km, shops, draw_people(rng, users, days, shops, cities, apart_km))
