"""Currencies of a world: a payment is made in that of its country, at the prices there."""

from __future__ import annotations

from typing import Final

import numpy as np

from events.money import EXPONENTS
from producer.world.population.arrays import Floats, Ints
from producer.world.population.places import City

HOME: Final = "EUR"
"""The currency of every country that people live in."""

ABROAD: Final = {
    "AE": ("AED", 4.1),
    "CH": ("CHF", 0.94),
    "CZ": ("CZK", 24.4),
    "GB": ("GBP", 0.85),
    "TH": ("THB", 37.8),
    "TR": ("TRY", 55.4),
    "US": ("USD", 1.13),
}
"""Countries that are only travelled to: their currency, and its units for one euro, rounded."""

_EUROCENTS: Final = 100


def codes(cities: tuple[City, ...]) -> list[str]:
    """Return the currency of each city's country."""
    return [ABROAD.get(city.country, (HOME, 1.0))[0] for city in cities]


def minor_units(cities: tuple[City, ...]) -> Floats:
    """Return the minor units of each city's currency for a eurocent, float64[n]."""
    units = [ABROAD.get(city.country, (HOME, 1.0)) for city in cities]
    return np.array([rate * 10 ** EXPONENTS[code] / _EUROCENTS for code, rate in units])


def local_amounts(eurocents: Ints, factors: Floats) -> Ints:
    """Return amounts in minor units of other currencies, int64[n]; at least one of them each.

    >>> local_amounts(np.array([1, 250]), np.array([0.85, 37.8])).tolist()
    [1, 9450]
    """
    amounts: Ints = np.maximum(np.rint(eurocents * factors), 1).astype(np.int64)
    return amounts
