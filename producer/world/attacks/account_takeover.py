"""Account take-over: somebody else logs in as the customer and shops."""

from __future__ import annotations

from producer.world.attacks.scene import DAY_MS, HOUR_MS, Scenario, Scene
from producer.world.population.arrays import Payments

_SHOPS = ("shopping_net", "misc_net", "travel_net", "money_transfer", "gambling", "crypto")
_FACTOR = (1.2, 3.5)
_STOLEN_SESSION = 0.15
"""So often the thief acts through the customer's own device."""


def draw(scene: Scene, size: int, span_days: float) -> list[Payments]:
    """Draw online payments from a new device at merchants new to the card, for raised amounts.

    Credentials are phished, the account is used until the customer notices. Trace: a device that
    the card was never used on, new merchants, risky categories, amounts of 1.2 to 3.5 times what
    the customer would spend there, several a day. Seen by the new device and merchant, the risky
    category, the amount against the card's own mean, and the counts of 24 hours. Now and then the
    customer's own device is controlled remotely, and the first of these says nothing.
    """
    rng, victim = scene.rng, scene.victim()
    start_ms = victim.time_ms + int(rng.uniform(1, 30) * HOUR_MS)
    tries = scene.spread(start_ms, span_days * DAY_MS, size)
    times = scene.waking(victim.person, tries, awake_share=0.5)
    sites = scene.any_of(_SHOPS, size)
    own = rng.random() < _STOLEN_SESSION
    device = scene.own_device(victim.person) if own else scene.stranger(unsent_share=0.1)
    amounts = scene.amounts(victim.person, sites, rng.uniform(*_FACTOR, size))
    return [scene.episode(victim.person, times, sites, amounts, device)]


SCENARIO = Scenario(
    name="account_takeover",
    story="a new device, new merchants, raised amounts",
    size=(7, 16),
    span_days=(0.3, 3.0),
    trend=0.3,
    seen_by=("card_new_device_30d", "card_new_merchant_30d", "is_high_risk_category",
             "card_amount_to_mean_30d"),
    draw=draw,
)  # fmt: skip
