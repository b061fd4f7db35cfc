"""The Handbook's payments and frauds, day by day, in order of time.

Each day draws from random streams of its own, so a simulation is written while it is made: it
holds as many days as a compromised card lasts, and no more.
"""

from collections import deque
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from producer.handbook.population import GeneratorSettings, Population, populate
from producer.handbook.simulated_table import Day, Names, to_batch

DAY_S = 86_400
TIME_OF_DAY_MEAN_S = DAY_S / 2
TIME_OF_DAY_STD_S = 20_000

LARGE_AMOUNT_MINOR = 22_000
"""Scenario 1: a payment above this amount is a fraud."""

TERMINALS_PER_DAY, TERMINAL_DAYS = 2, 28
"""Scenario 2: so many terminals are compromised each day, and stay so for so many days."""

CARDS_PER_DAY, CARD_DAYS = 3, 14
"""Scenario 3: so many cards leak each day, and are abused for so many days."""

CARD_SHARE, CARD_FACTOR = 3, 5
"""Scenario 3: one payment in CARD_SHARE is a fraud, of CARD_FACTOR times its amount."""

_PAYMENTS_STREAM, _TERMINALS_STREAM, _CARDS_STREAM = 1, 2, 3


def generate(settings: GeneratorSettings, with_scenario: bool = False) -> Iterator[pa.RecordBatch]:
    """Yield the simulated payments as batches in the form of events.table, ordered by time.

    with_scenario adds a column fraud_scenario (int8): 1, 2 or 3, and 0 where there is no fraud.
    The same settings give the same bytes.
    """
    names = Names.of(settings)
    first_row = 0
    for number, day in enumerate(simulate(settings)):
        midnight_ms = settings.start_ms + number * DAY_S * 1000
        batch = to_batch(day, names, midnight_ms, first_row, with_scenario)
        for start in range(0, batch.num_rows, settings.batch_rows):
            yield batch.slice(start, settings.batch_rows)
        first_row += len(day.second)


def simulate(settings: GeneratorSettings) -> Iterator[Day]:
    """Yield every day of a simulation with its frauds.

    A leaked card needs the days ahead: which third of its payments is abused is drawn over the
    whole time of its abuse. So days are drawn CARD_DAYS ahead of the one that is yielded.
    """
    population = populate(settings)
    ahead: deque[Day] = deque()
    drawn = 0
    for number in range(settings.days):
        while drawn < min(number + CARD_DAYS, settings.days):
            ahead.append(_genuine_day(settings, population, drawn))
            _mark_compromised_terminals(settings, ahead[-1], drawn)
            drawn += 1
        _abuse_leaked_cards(settings, ahead, number)
        yield ahead.popleft()


def _genuine_day(settings: GeneratorSettings, population: Population, number: int) -> Day:
    """Draw one day of payments; those out of the day, or with no terminal near, do not happen."""
    rng = np.random.default_rng([settings.seed, _PAYMENTS_STREAM, number])
    per_customer = rng.poisson(population.payments_per_day)
    customer = np.repeat(np.arange(settings.customers, dtype=np.int32), per_customer)
    second = rng.normal(TIME_OF_DAY_MEAN_S, TIME_OF_DAY_STD_S, len(customer)).astype(np.int64)
    near = np.diff(population.first_reachable)[customer]
    happens = (second > 0) & (second < DAY_S) & (near > 0)
    customer, second, near = customer[happens], second[happens], near[happens]

    amount_minor = _amounts(rng, population.amount_mean[customer])
    pick = (rng.random(len(customer)) * near).astype(np.int64)
    terminal = population.reachable[population.first_reachable[customer] + pick]
    scenario = (amount_minor > LARGE_AMOUNT_MINOR).astype(np.int8)
    by_time = np.argsort(second, kind="stable")
    return Day(
        second[by_time],
        customer[by_time],
        terminal[by_time],
        amount_minor[by_time],
        scenario[by_time],
    )


def _amounts(rng: np.random.Generator, mean: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Draw amounts in minor units around float64[n] means; a negative one is redrawn, evenly."""
    amount = rng.normal(mean, mean / 2)
    even = rng.uniform(0.0, 2 * mean)
    minor: npt.NDArray[np.int64] = np.rint(np.where(amount < 0, even, amount) * 100).astype(
        np.int64
    )
    return minor


def _mark_compromised_terminals(settings: GeneratorSettings, day: Day, number: int) -> None:
    """Mark scenario 2 on a day: every payment at a terminal compromised in the last days."""
    compromised = np.zeros(settings.terminals, np.bool_)
    for since in range(max(0, number - TERMINAL_DAYS + 1), number + 1):
        rng = np.random.default_rng([settings.seed, _TERMINALS_STREAM, since])
        compromised[rng.choice(settings.terminals, TERMINALS_PER_DAY, replace=False)] = True
    day.scenario[compromised[day.terminal]] = 2


def _abuse_leaked_cards(settings: GeneratorSettings, days: deque[Day], number: int) -> None:
    """Mark scenario 3 for the cards that leak on a day: days holds that day and those ahead."""
    rng = np.random.default_rng([settings.seed, _CARDS_STREAM, number])
    leaked = rng.choice(settings.customers, CARDS_PER_DAY, replace=False)
    places = [
        (ahead, row)
        for ahead, day in enumerate(days)
        for row in np.flatnonzero(np.isin(day.customer, leaked))
    ]
    for chosen in rng.choice(len(places), len(places) // CARD_SHARE, replace=False):
        ahead, row = places[chosen]
        days[ahead].amount_minor[row] *= CARD_FACTOR
        days[ahead].scenario[row] = 3
