"""When attacks begin and how large they are, so that frauds come out as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from producer.world.attacks.catalogue import SCENARIOS
from producer.world.attacks.scene import Scenario
from producer.world.population.arrays import Floats


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
    rng: np.random.Generator, frauds: int, weights: Mapping[str, float], activity: Floats
) -> list[Attack]:
    """Plan attacks with so many frauds in all, in order of days, each scenario with its share.

    `activity` is how much is paid on each day, float64[days]: attacks go where payments are.
    """
    names = [name for name in SCENARIOS if weights.get(name)]
    total = sum(weights[name] for name in names)
    # Shares are rounded at their sums, so that they add up to the frauds wanted.
    edges = np.rint(np.cumsum([weights[name] / total for name in names]) * frauds).astype(int)
    attacks: list[Attack] = []
    for name, wanted in zip(names, np.diff(edges, prepend=0).tolist(), strict=True):
        attacks += _of_scenario(rng, SCENARIOS[name], wanted, activity)
    return sorted(attacks, key=lambda attack: attack.day)


def _of_scenario(
    rng: np.random.Generator, scenario: Scenario, wanted: int, activity: Floats
) -> list[Attack]:
    """Draw attacks until the frauds wanted are reached; the last one is cut."""
    middles = (np.arange(len(activity)) + 0.5) / len(activity)
    density = activity * (1.0 + scenario.trend * (2.0 * middles - 1.0))
    attacks: list[Attack] = []
    while wanted > 0:
        attack = _one(rng, scenario, density)
        attack = attack._replace(kept=min(attack.kept, wanted))
        attacks.append(attack)
        wanted -= attack.kept
    return attacks


def _one(rng: np.random.Generator, scenario: Scenario, density: Floats) -> Attack:
    """Draw one attack; density is how often the scenario begins on each day.

    It may have begun before the world, which then sees the rest of it from the first day on, so
    that frauds are as frequent at the start as later.
    """
    days = len(density)
    size = int(rng.integers(scenario.size[0], scenario.size[1] + 1))
    span_days = min(float(rng.uniform(*scenario.span_days)), days / 2)
    before = span_days * density[0]
    at = rng.random() * (before + density.sum())
    if at < before:
        rest = at / before
        size = max(1, round(size * rest))
        return Attack(scenario.name, 0, size, span_days * rest, size)
    day = min(int(np.searchsorted(np.cumsum(density), at - before, side="right")), days - 1)
    kept = max(1, round(size * min(1.0, (days - day) / span_days)))
    return Attack(scenario.name, day, size, span_days, kept)
