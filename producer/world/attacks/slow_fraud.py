"""Slow fraud: small amounts now and then, below what anyone looks at."""

from __future__ import annotations

import numpy as np

from producer.world.attacks.scene import DAY_MS, HOUR_MS, Scenario, Scene
from producer.world.population.arrays import Payments

_SITES = ("misc_net", "gaming", "subscriptions", "shopping_net", "food_delivery")
_EUROS_MEDIAN, _EUROS_SPREAD = 22.0, 0.6


def draw(scene: Scene, size: int, span_days: float) -> list[Payments]:
    """Draw small online payments over weeks at two or three merchants, by day.

    A stolen number is milked in amounts that nobody checks on a statement. Trace: next to none:
    categories of higher risk, a device that is mostly not sent, merchants that are new to the
    card only once, ordinary amounts. Seen by the risky category and, once labels are in, by the
    merchant's delayed frauds, and by neither well. This is the hard one.
    """
    rng, victim = scene.rng, scene.victim()
    start_ms = victim.time_ms + int(rng.uniform(4, 48) * HOUR_MS)
    times = scene.waking(victim.person, scene.spread(start_ms, span_days * DAY_MS, size))
    sites = scene.any_of(_SITES, 3)[rng.integers(0, 3, size)]
    amounts = rng.lognormal(np.log(_EUROS_MEDIAN * 100), _EUROS_SPREAD, size).astype(np.int64)
    return [scene.episode(victim.person, times, sites, amounts, scene.stranger(unsent_share=0.6))]


SCENARIO = Scenario(
    name="slow_fraud",
    story="small amounts now and then, under the radar",
    size=(7, 14),
    span_days=(10.0, 30.0),
    trend=0.1,
    seen_by=("is_high_risk_category", "merchant_delayed_fraud_share_30d"),
    draw=draw,
)
