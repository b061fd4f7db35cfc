"""Merchants: what they sell, where, at which prices, and how often they are visited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from producer.world.population.arrays import Floats, Ints, Mask, Urn, draw_weighted
from producer.world.population.places import City

_TAIL: Final = 1.2
"""Pareto exponent of popularity: a few chains and platforms take much of the trade."""
_MOST_POPULAR: Final = 300.0
_PRICE_SPREAD: Final = 0.25
_SCATTER_DEGREES: Final = 0.05
_VISITED_ONLY: Final = 400.0
"""Trade of a city in which nobody lives, as thousands of people."""


class Category(NamedTuple):
    """A kind of merchant: amounts are log-normal with a median in euros and a spread.

    `merchants` is its weight among merchants, `visits` how often one of them is visited.
    """

    name: str
    online: bool
    median: float
    spread: float
    merchants: float
    visits: float


CATEGORIES: Final = (
    Category("groceries", False, 28, 0.7, 18, 3.0),
    Category("restaurants", False, 24, 0.6, 17, 1.2),
    Category("fuel", False, 48, 0.4, 6, 2.0),
    Category("transport", False, 9, 0.7, 5, 2.0),
    Category("pharmacy", False, 18, 0.7, 6, 1.2),
    Category("clothing", False, 55, 0.8, 9, 0.8),
    Category("electronics", False, 140, 1.0, 4, 0.5),
    Category("home", False, 70, 0.9, 6, 0.7),
    Category("health", False, 60, 0.9, 4, 0.5),
    Category("leisure", False, 30, 0.8, 6, 0.8),
    Category("hotels", False, 150, 0.7, 4, 0.5),
    Category("jewellery", False, 180, 1.0, 1.5, 0.2),
    Category("shopping_net", True, 42, 0.9, 12, 2.5),
    Category("misc_net", True, 25, 0.9, 7, 1.2),
    Category("subscriptions", True, 12, 0.4, 4, 2.0),
    Category("food_delivery", True, 26, 0.5, 4, 1.8),
    Category("travel_net", True, 180, 0.9, 3, 0.8),
    Category("gaming", True, 15, 0.8, 2.5, 1.0),
    Category("gambling", True, 40, 1.0, 1.5, 0.6),
    Category("money_transfer", True, 120, 1.0, 1.5, 0.4),
    Category("crypto", True, 150, 1.1, 0.8, 0.25),
)
CATEGORY_NUMBERS: Final = {category.name: at for at, category in enumerate(CATEGORIES)}


@dataclass(frozen=True, slots=True)
class Merchants:
    """n merchants and the urns to draw them from.

    `median` is in euros, `place` degrees float64[n, 2]; an online one's city is where it is
    registered. `shops` draws card-present merchants by city, `kinds` any merchant by category,
    `online_shops` online ones (a single group).
    """

    category: Ints
    city: Ints
    online: Mask
    median: Floats
    spread: Floats
    popularity: Floats
    place: Floats
    shops: Urn
    kinds: Urn
    online_shops: Urn


def draw_merchants(
    rng: np.random.Generator, count: int, cities: tuple[City, ...]
) -> tuple[Merchants, tuple[City, ...]]:
    """Draw merchants, and return them with the cities that have shops enough.

    The first ones make sure that every category has a merchant and every city a shop.
    """
    weights = np.array([category.merchants for category in CATEGORIES])
    kind = draw_weighted(rng, weights, count)
    kind[: len(CATEGORIES)] = np.arange(len(CATEGORIES))
    online = np.array([category.online for category in CATEGORIES])[kind]
    shops = np.flatnonzero(~online)
    cities = cities[: min(len(cities), len(shops) // 2)]
    trade = np.array([float(city.people or _VISITED_ONLY) for city in cities])
    city = draw_weighted(rng, trade, count)
    city[shops[: len(cities)]] = np.arange(len(cities))
    visits = np.array([category.visits for category in CATEGORIES])[kind]
    popularity = visits * np.minimum(rng.pareto(_TAIL, count) + 1.0, _MOST_POPULAR)
    price = rng.lognormal(0.0, _PRICE_SPREAD, count)
    centres = np.array([(one.lat, one.lon) for one in cities])[city]
    numbers = np.arange(count)
    web = numbers[online]
    return Merchants(
        category=kind,
        city=city,
        online=online,
        median=np.array([category.median for category in CATEGORIES])[kind] * price,
        spread=np.array([category.spread for category in CATEGORIES])[kind],
        popularity=popularity,
        place=np.round(centres + rng.normal(0.0, _SCATTER_DEGREES, (count, 2)), 5),
        shops=Urn(shops, city[shops], popularity[shops], len(cities)),
        kinds=Urn(numbers, kind, popularity, len(CATEGORIES)),
        online_shops=Urn(web, np.zeros(len(web), np.int64), popularity[web], 1),
    ), cities
