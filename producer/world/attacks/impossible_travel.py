"""Impossible travel: a copy of the card is used far away while its owner is at home."""

from __future__ import annotations

import numpy as np

from producer.world.attacks.scene import DAY_MS, HOUR_MS, Scenario, Scene
from producer.world.population.arrays import NOWHERE, Payments

_FAR_KM = 600.0
_FACTOR = (0.8, 2.5)


def draw(scene: Scene, size: int, span_days: float) -> list[Payments]:
    """Draw card-present payments in a far city, from shortly after one of the owner's own.

    The magnetic stripe was copied, the copy is sold abroad, where shops still read it. Trace: a
    city and often a country new to the card, hundreds of kilometres from the last payment within
    an hour or two, and back again when the owner pays. Seen by distance, speed and impossible
    travel, and by the cities of a day. Genuine trips, terminals registered elsewhere and second
    cards in the family look alike.
    """
    rng, victim = scene.rng, scene.victim(card_present=True)
    here = victim.city if victim.city != NOWHERE else int(scene.people.home[victim.person])
    far = np.flatnonzero(scene.apart_km[here] >= min(_FAR_KM, scene.apart_km[here].max()))
    city = np.full(size, rng.choice(far))
    start_ms = victim.time_ms + int(rng.uniform(0.2, 3.0) * HOUR_MS)
    times = scene.spread(start_ms, span_days * DAY_MS, size)
    times[0] = start_ms
    shops = scene.merchants.shops.draw(rng, city)
    amounts = scene.amounts(victim.person, shops, rng.uniform(*_FACTOR, size))
    device = scene.stranger(unsent_share=1.0)
    return [scene.episode(victim.person, times, shops, amounts, device)]


SCENARIO = Scenario(
    name="impossible_travel",
    story="the card is present far away, shortly after it was at home",
    size=(6, 13),
    span_days=(0.2, 1.5),
    trend=-0.2,
    seen_by=("card_distance_km", "card_speed_kmh", "card_impossible_travel",
             "card_cities_24h"),
    draw=draw,
)  # fmt: skip
