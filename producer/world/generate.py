"""The payments of a world, day by day, in order of time.

Each day draws from random streams of its own, so a world is written while it is made: it holds
its people and merchants, one day, and the frauds of attacks that have begun.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from producer.world.attacks.catalogue import SCENARIOS
from producer.world.attacks.plan import Attack, plan_attacks
from producer.world.attacks.scene import Scene
from producer.world.population.arrays import Floats, Payments, joined, no_payments
from producer.world.population.habits import genuine_day
from producer.world.population.places import ahead_ms
from producer.world.population.seasons import activity, date_of
from producer.world.population.world import World, draw_world
from producer.world.settings import DAY_MS, WorldSettings
from producer.world.table import Names, to_batch

_POPULATION, _COUNTS, _PLAN, _HABITS, _ATTACKS = range(5)
"""Random streams, so that the attacks do not change what people do."""

_NUMBERS = {name: number for number, name in enumerate(SCENARIOS)}


def build(settings: WorldSettings) -> World:
    """Draw the people and merchants of a world; the same settings give the same."""
    rng = np.random.default_rng([settings.seed, _POPULATION])
    return draw_world(rng, settings.users, settings.merchants, settings.days)


def generate(settings: WorldSettings, with_scenario: bool = False) -> Iterator[pa.RecordBatch]:
    """Yield a world's payments as batches in the form of events.table, ordered by time.

    with_scenario adds `fraud_scenario` (the scenario's name) and `fraud_episode` (int64, one for
    each attacked card), null where there is no fraud. The same settings give the same bytes.
    """
    world = build(settings)
    names = Names.of(settings, world)
    first_row = 0
    for day in simulate(settings, world):
        batch = to_batch(day, names, world.merchants, first_row, with_scenario)
        for start in range(0, batch.num_rows, settings.batch_rows):
            yield batch.slice(start, settings.batch_rows)
        first_row += len(day)


def simulate(settings: WorldSettings, world: World) -> Iterator[Payments]:
    """Yield every day of a world, genuine payments and frauds, ordered by time."""
    rng = np.random.default_rng([settings.seed, _PLAN])
    busy = activity(settings.start, settings.days)
    attacks = plan_attacks(rng, settings.frauds, settings.attacks, busy)
    counts = _counts(settings)
    waiting, episodes, begun = no_payments(), 0, 0
    for number in range(settings.days):
        genuine = _genuine(settings, world, number, int(counts[number]))
        parts = [waiting]
        while begun < len(attacks) and attacks[begun].day == number:
            part = _attack(settings, world, genuine, attacks[begun], begun)
            victims, part.episode = np.unique(part.person, return_inverse=True)
            part.episode += episodes
            parts.append(part)
            episodes += len(victims)
            begun += 1
        frauds = joined(parts)
        due = frauds.time_ms < settings.start_ms + (number + 1) * DAY_MS
        waiting = frauds.take(~due)
        day = joined([genuine, frauds.take(due)])
        yield day.take(np.argsort(day.time_ms, kind="stable"))


def _counts(settings: WorldSettings) -> Floats:
    """Return the genuine payments of each day; they sum to what is wanted."""
    rng = np.random.default_rng([settings.seed, _COUNTS])
    shares = activity(settings.start, settings.days)
    genuine = settings.payments - settings.frauds
    return rng.multinomial(genuine, shares / shares.sum()).astype(np.float64)


def _genuine(settings: WorldSettings, world: World, number: int, count: int) -> Payments:
    return genuine_day(
        np.random.default_rng([settings.seed, _HABITS, number]),
        world,
        date_of(settings.start, number),
        number,
        number / settings.days,
        count,
    )


def _attack(
    settings: WorldSettings, world: World, genuine: Payments, attack: Attack, number: int
) -> Payments:
    """Draw the frauds of one attack that fall into the world, each with its scenario's number."""
    scene = Scene(
        np.random.default_rng([settings.seed, _ATTACKS, number]),
        world.people,
        world.merchants,
        world.apart_km,
        genuine,
        ahead_ms(world.cities, settings.start_ms + attack.day * DAY_MS),
        settings.start_ms + attack.day * DAY_MS,
        settings.end_ms,
    )
    drawn = joined(SCENARIOS[attack.scenario].draw(scene, attack.size, attack.span_days))
    kept = drawn.take(np.argsort(drawn.time_ms, kind="stable")[: attack.kept])
    kept.time_ms = scene.within(kept.time_ms)
    kept.scenario[:] = _NUMBERS[attack.scenario]
    return kept
