"""Card testing: is the stolen number alive? Then it is used once or twice, for much."""

from __future__ import annotations

import numpy as np

from producer.world.attacks.scene import HOUR_MS, MINUTE_MS, Scenario, Scene
from producer.world.population.arrays import Payments

_TESTED_AT = ("misc_net", "subscriptions", "gaming", "food_delivery")
_SPENT_AT = ("shopping_net", "travel_net", "money_transfer", "crypto")
_TEST_EUROS = (0.5, 6.0)
_SPENT_FACTOR = (1.5, 5.0)
_SOONEST_MINUTES = 5.0


def draw(scene: Scene, size: int, span_days: float) -> list[Payments]:
    """Draw a burst of tiny online payments within minutes, then one or two large ones.

    Numbers that were bought in bulk are tried by a script at web shops with weak checks; those
    that work are emptied within hours. Trace: several payments in ten minutes, far below the
    card's mean, at merchants new to it, then an amount far above it. Seen by the counts of 10
    minutes and 1 hour, the time since the last payment and the merchants of a day, and for the
    last payments by the amount against the card's own mean.
    """
    rng, victim = scene.rng, scene.victim()
    spent = min(1 + int(rng.random() < 0.5), size - 1)
    start_ms = victim.time_ms + int(rng.uniform(0.2, 20) * HOUR_MS)
    tests = scene.spread(start_ms, rng.uniform(4, 40) * MINUTE_MS, size - spent)
    # An attack that was begun before the first day may have only minutes left.
    latest = max(_SOONEST_MINUTES, 60 * 24 * span_days)
    later_ms = int(tests[-1]) + int(rng.uniform(_SOONEST_MINUTES, latest) * MINUTE_MS)
    times = np.concatenate([tests, scene.spread(later_ms, HOUR_MS, spent)])
    sites = scene.any_of(_TESTED_AT, 3)[rng.integers(0, 3, size - spent)]
    shops = scene.any_of(_SPENT_AT, spent)
    tiny = np.rint(rng.uniform(*_TEST_EUROS, size - spent) * 100).astype(np.int64)
    large = scene.amounts(victim.person, shops, rng.uniform(*_SPENT_FACTOR, spent))
    return [
        scene.episode(
            victim.person,
            times,
            np.concatenate([sites, shops]),
            np.concatenate([tiny, large]),
            scene.stranger(unsent_share=0.5),
        )
    ]


SCENARIO = Scenario(
    name="card_testing",
    story="a burst of tiny online payments, then a large one",
    size=(6, 15),
    span_days=(0.05, 0.5),
    trend=-0.3,
    seen_by=("card_count_10m", "card_count_1h", "card_seconds_since_last", "card_merchants_24h"),
    draw=draw,
)
