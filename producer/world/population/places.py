"""Places where people live and travel: cities with their place, size and clocks."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from events.zones import ZONE_OF_COUNTRY, utc_offset_ms
from producer.world.population.arrays import Floats, Ints

EARTH_KM = 6_371.0088


class City(NamedTuple):
    """A city: degrees, people in thousands (0: only travelled to)."""

    name: str
    country: str
    lat: float
    lon: float
    people: int


# Rounded places and sizes. The order matters for small worlds, which use the first few.
CITIES: Final = (
    City("Berlin", "DE", 52.52, 13.40, 3_700),
    City("Madrid", "ES", 40.42, -3.70, 3_300),
    City("Paris", "FR", 48.86, 2.35, 2_100),
    City("Rome", "IT", 41.90, 12.50, 2_800),
    City("Hamburg", "DE", 53.55, 9.99, 1_850),
    City("Lisbon", "PT", 38.72, -9.14, 550),
    City("Vienna", "AT", 48.21, 16.37, 1_950),
    City("Amsterdam", "NL", 52.37, 4.90, 900),
    City("Athens", "GR", 37.98, 23.73, 650),
    City("Helsinki", "FI", 60.17, 24.94, 650),
    City("New York", "US", 40.71, -74.01, 0),
    City("Munich", "DE", 48.14, 11.58, 1_500),
    City("Barcelona", "ES", 41.39, 2.17, 1_600),
    City("Dublin", "IE", 53.35, -6.26, 590),
    City("Brussels", "BE", 50.85, 4.35, 1_200),
    City("Marseille", "FR", 43.30, 5.37, 870),
    City("Milan", "IT", 45.46, 9.19, 1_370),
    City("Istanbul", "TR", 41.01, 28.98, 0),
    City("Cologne", "DE", 50.94, 6.96, 1_080),
    City("Lyon", "FR", 45.76, 4.84, 520),
    City("Valencia", "ES", 39.47, -0.38, 800),
    City("Naples", "IT", 40.85, 14.27, 910),
    City("Rotterdam", "NL", 51.92, 4.48, 660),
    City("London", "GB", 51.51, -0.13, 0),
    City("Porto", "PT", 41.15, -8.61, 230),
    City("Frankfurt", "DE", 50.11, 8.68, 770),
    City("Stuttgart", "DE", 48.78, 9.18, 630),
    City("Leipzig", "DE", 51.34, 12.37, 620),
    City("Turin", "IT", 45.07, 7.69, 850),
    City("Seville", "ES", 37.39, -5.99, 690),
    City("Toulouse", "FR", 43.60, 1.44, 500),
    City("Nice", "FR", 43.70, 7.27, 340),
    City("Antwerp", "BE", 51.22, 4.40, 530),
    City("Dubai", "AE", 25.20, 55.27, 0),
    City("Thessaloniki", "GR", 40.64, 22.94, 320),
    City("Graz", "AT", 47.07, 15.44, 300),
    City("Cork", "IE", 51.90, -8.47, 220),
    City("Tampere", "FI", 61.50, 23.76, 250),
    City("Tallinn", "EE", 59.44, 24.75, 450),
    City("Riga", "LV", 56.95, 24.11, 600),
    City("Vilnius", "LT", 54.69, 25.28, 590),
    City("Bratislava", "SK", 48.15, 17.11, 480),
    City("Ljubljana", "SI", 46.06, 14.51, 290),
    City("Zagreb", "HR", 45.81, 15.98, 770),
    City("Palma", "ES", 39.57, 2.65, 420),
    City("Zurich", "CH", 47.37, 8.54, 0),
    City("Prague", "CZ", 50.08, 14.44, 0),
    City("Bangkok", "TH", 13.76, 100.50, 0),
)


def ahead_ms(cities: tuple[City, ...], time_ms: int) -> Ints:
    """Return by how many milliseconds each city's clocks are ahead of UTC at a time, int64[n].

    Every city lies in the largest zone of its country, so a payment's home country says by which
    clock its cardholder lives.

    >>> ahead_ms(CITIES[:1], 1_764_547_200_000).tolist()
    [3600000]
    """
    zones = (ZONE_OF_COUNTRY[city.country] for city in cities)
    return np.array([utc_offset_ms(zone or "UTC", time_ms) for zone in zones], np.int64)


def distances_km(cities: tuple[City, ...]) -> Floats:
    """Return the great-circle distances between n cities, float64[n, n] (haversine).

    >>> float(distances_km(CITIES[:2])[0, 1].round())
    1868.0
    """
    lat = np.radians([city.lat for city in cities])
    lon = np.radians([city.lon for city in cities])
    north = np.sin(np.subtract.outer(lat, lat) / 2) ** 2
    east = np.sin(np.subtract.outer(lon, lon) / 2) ** 2
    chord = north + np.multiply.outer(np.cos(lat), np.cos(lat)) * east
    apart: npt.NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return apart
