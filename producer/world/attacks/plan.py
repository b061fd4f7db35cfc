"""When attacks begin and how large they are, so that frauds come out as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from producer.world.attacks.catalogue import SCENARIOS
from producer.world.attacks.scene import Scenario


class Attack(NamedTuple):
    """One attack: its scenario, the day on which it begins, its frauds and days."""

    scenario: str
    day: int
    size: int
    span_days: float


def plan_attacks(
    rng: np.random.Generator, frauds: int, days: int, weights: Mapping[str, float]
) -> list[Attack]:
    """Plan attacks with so many frauds in all, each scenario with its share; in order of days."""
    names = [name for name in SCENARIOS if weights.get(name)]
    total = sum(weights[name] for name in names)
    # Shares are rounded at their sums, so that they add up to the frauds wanted.
    edges = np.rint(np.cumsum([weights[name] / total for name in names]) * frauds).astype(int)
    attacks: list[Attack] = []
    for name, wanted in zip(names, np.diff(edges, prepend=0).tolist(), strict=True):
        attacks += _of_scenario(rng, SCENARIOS[name], wanted, days)
    return sorted(attacks, key=lambda attack: attack.day)


def _of_scenario(
    rng: np.random.Generator, scenario: Scenario, wanted: int, days: int
) -> list[Attack]:
    """Draw attacks until the frauds wanted are reached; the last one is cut."""
    attacks, least = [], scenario.size[0]
    while wanted > 0:
        size = int(rng.integers(least, scenario.size[1] + 1))
        # What would be left is too little for an attack of its own: it goes to this one.
        size = wanted if wanted - size < least else size
        span_days = min(float(rng.uniform(*scenario.span_days)), days / 2)
        attacks.append(Attack(scenario.name, _day(rng, scenario, days, span_days), size, span_days))
        wanted -= size
    return attacks


def _day(rng: np.random.Generator, scenario: Scenario, days: int, span_days: float) -> int:
    """Draw the first day: early enough to end in time, more often at the end with a trend."""
    room = max(days - int(np.ceil(span_days)) - 1, 1)
    # The density 1 + trend (2x - 1) on 0 to 1, drawn by rejection.
    while True:
        x = rng.random()
        if rng.random() * 2 <= 1 + scenario.trend * (2 * x - 1):
            return int(x * room)
