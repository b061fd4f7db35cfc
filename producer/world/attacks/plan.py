"""When attacks begin and how large they are, so that frauds come out as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from producer.world.attacks.catalogue import SCENARIOS
from producer.world.attacks.scene import Scenario


class Attack(NamedTuple):
    """One attack: its scenario, the day on which it begins, its frauds and days.

    `kept` of the frauds fall into the world, the first ones; an attack may outlast it.
    """

    scenario: str
    day: int
    size: int
    span_days: float
    kept: int


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
    attacks = []
    while wanted > 0:
        size = int(rng.integers(scenario.size[0], scenario.size[1] + 1))
        span_days = min(float(rng.uniform(*scenario.span_days)), days / 2)
        day = int(_moment(rng, scenario.trend) * days)
        kept = min(max(1, round(size * min(1.0, (days - day) / span_days))), wanted)
        attacks.append(Attack(scenario.name, day, size, span_days, kept))
        wanted -= kept
    return attacks


def _moment(rng: np.random.Generator, trend: float) -> float:
    """Draw from 0 to 1 by the density 1 + trend (2x - 1), by rejection."""
    while True:
        x = rng.random()
        if rng.random() * 2 <= 1 + trend * (2 * x - 1):
            return x
