"""Bust-out: the customer is the thief, and empties the credit line."""

from __future__ import annotations

import numpy as np

from producer.world.attacks.scene import DAY_MS, HOUR_MS, Scenario, Scene
from producer.world.population.arrays import Payments

_WARES = ("shopping_net", "money_transfer", "travel_net", "crypto")
_LEAST_EUROS = (20, 90)
_FIRST_FACTOR, _LAST_FACTOR = 1.0, 4.0


def draw(scene: Scene, size: int, span_days: float) -> list[Payments]:
    """Draw payments that rise over days, for goods that sell again, near home, own device.

    An account opened to be abandoned, often under a made-up identity, behaves well and then
    spends up to its limit. Trace: sums of a day and a week that leave the card's normal behind
    while devices and places stay the same. Seen by the sums and maxima of 24 hours and 7 days
    against 30 days, the amount against the card's own mean, and records. The first payments are
    what anyone might buy.
    """
    rng, victim = scene.rng, scene.victim()
    start_ms = victim.time_ms + int(rng.uniform(2, 30) * HOUR_MS)
    # The square root lets payments come faster towards the end.
    at = np.sort(np.sqrt(rng.random(size)))
    times = scene.waking(victim.person, start_ms + (at * span_days * DAY_MS).astype(np.int64))
    home = np.full(size, scene.people.home[victim.person])
    sites = scene.any_of(_WARES, size)
    shops = np.where(rng.random(size) < 0.5, sites, scene.merchants.shops.draw(rng, home))
    factor = _FIRST_FACTOR * (_LAST_FACTOR / _FIRST_FACTOR) ** at
    least = np.rint(rng.uniform(*_LEAST_EUROS, size) * factor * 100).astype(np.int64)
    amounts = np.maximum(scene.amounts(victim.person, shops, factor), least)
    device = scene.own_device(victim.person)
    return [scene.episode(victim.person, times, shops, amounts, device)]


SCENARIO = Scenario(
    name="bust_out",
    story="spending rises over days, up to the limit",
    size=(14, 28),
    span_days=(3.0, 8.0),
    trend=0.1,
    seen_by=("card_sum_24h", "card_sum_7d", "card_max_24h", "card_amount_to_mean_30d"),
    draw=draw,
)
