"""Merchant compromise: a merchant through which cards are charged that did not pay."""

from __future__ import annotations

import numpy as np

from producer.world.attacks.scene import DAY_MS, Scenario, Scene
from producer.world.population.arrays import Ints, Payments

_CHARGES = (3, 7)
_FACTOR = (0.8, 2.5)
_COMPARED = 6


def draw(scene: Scene, size: int, span_days: float) -> list[Payments]:
    """Draw charges at one merchant over weeks, to some of the cards that favour it or paid there.

    A web shop's check-out is tapped, or a merchant colludes: its customers are charged again,
    for somewhat more than usual. Trace: nothing on the card stands out at first, as it knows the
    merchant; the merchant gathers frauds, which labels tell of a week later, and is busier than
    it was. Seen by the merchant's delayed frauds and their share once they are known, by its
    count against the past, and a little by the amount.
    """
    rng = scene.rng
    merchant = _merchant(scene)
    customers = _customers(scene, merchant)
    parts, left = [], size
    while left > 0:
        charges = min(int(rng.integers(_CHARGES[0], _CHARGES[1] + 1)), left)
        person = int(rng.choice(customers))
        start_ms = scene.day_start_ms + int(rng.random() ** 0.8 * span_days * DAY_MS)
        times = scene.waking(person, scene.spread(start_ms, 6 * DAY_MS, charges))
        shops = np.full(charges, merchant)
        amounts = scene.amounts(person, shops, rng.uniform(*_FACTOR, charges))
        device = scene.stranger(unsent_share=0.7)
        parts.append(scene.episode(person, times, shops, amounts, device))
        left -= charges
    return parts


def _merchant(scene: Scene) -> int:
    """Pick a merchant that is not large: the least popular of some that were paid on the day."""
    seen = scene.genuine.merchant
    if not len(seen):
        return int(scene.rng.integers(len(scene.merchants.popularity)))
    found = seen[scene.rng.integers(0, len(seen), _COMPARED)]
    return int(found[np.argmin(scene.merchants.popularity[found])])


def _customers(scene: Scene, merchant: int) -> Ints:
    """Return the people who favour a merchant or paid there on the day, else anyone."""
    people = scene.people
    known = (people.shops == merchant).any(axis=1) | (people.sites == merchant).any(axis=1)
    today = scene.genuine.person[scene.genuine.merchant == merchant]
    found = np.union1d(np.flatnonzero(known), today)
    customers: Ints = found if len(found) else np.arange(len(people.home))
    return customers


SCENARIO = Scenario(
    name="merchant_compromise",
    story="a merchant's customers are charged again, for weeks",
    size=(40, 100),
    span_days=(12.0, 28.0),
    trend=0.0,
    seen_by=("merchant_delayed_frauds_7d", "merchant_delayed_fraud_share_30d"),
    draw=draw,
)
