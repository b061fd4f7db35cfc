"""Customers, terminals and who can pay where: the still part of the Handbook simulation.

Source of the definition: "Reproducible Machine Learning for Credit Card Fraud Detection",
Le Borgne, Siblini, Lebichot and Bontempi, chapter 3, "Transaction data simulator".
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

SIDE = 100.0
"""Customers and terminals live on a square of this side."""

AMOUNT_MEAN_RANGE = (5.0, 100.0)
PAYMENTS_PER_DAY_RANGE = (0.0, 4.0)

_POPULATION_STREAM = 0
_CUSTOMERS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """The size, period and seed of a simulation; the defaults are those of the Handbook.

    Raises ValueError for a setting that the simulation cannot follow.

    >>> GeneratorSettings(days=0)
    Traceback (most recent call last):
    ValueError: days: expected at least 1, got 0
    """

    customers: int = 5_000
    terminals: int = 10_000
    radius: float = 5.0
    days: int = 183
    start: datetime = datetime(2018, 4, 1, tzinfo=UTC)
    seed: int = 0
    batch_rows: int = 65_536

    def __post_init__(self) -> None:
        for name, least in (("customers", 3), ("terminals", 2), ("days", 1), ("seed", 0)):
            value = getattr(self, name)
            if value < least:
                raise ValueError(f"{name}: expected at least {least}, got {value}")
        if self.radius <= 0:
            raise ValueError(f"radius: expected more than 0, got {self.radius}")
        if self.batch_rows < 1:
            raise ValueError(f"batch_rows: expected at least 1, got {self.batch_rows}")
        if self.start.tzinfo is None:
            raise ValueError(f"start: expected a time with an offset, got {self.start}")

    @property
    def start_ms(self) -> int:
        """Event time of the first midnight, in epoch milliseconds."""
        return int(self.start.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Population:
    """Profiles of n customers, and the terminals within the radius of each.

    amount_mean and payments_per_day are float64[n]. The terminals of customer i are
    reachable[first_reachable[i]:first_reachable[i + 1]], int32.
    """

    amount_mean: npt.NDArray[np.float64]
    payments_per_day: npt.NDArray[np.float64]
    first_reachable: npt.NDArray[np.int64]
    reachable: npt.NDArray[np.int32]


def populate(settings: GeneratorSettings) -> Population:
    """Draw the population of a simulation; the same settings give the same population."""
    rng = np.random.default_rng([settings.seed, _POPULATION_STREAM])
    homes = rng.uniform(0.0, SIDE, (settings.customers, 2))
    amount_mean = rng.uniform(*AMOUNT_MEAN_RANGE, settings.customers)
    payments_per_day = rng.uniform(*PAYMENTS_PER_DAY_RANGE, settings.customers)
    terminals = rng.uniform(0.0, SIDE, (settings.terminals, 2))
    first_reachable, reachable = within_radius(homes, terminals, settings.radius)
    return Population(amount_mean, payments_per_day, first_reachable, reachable)


def within_radius(
    homes: npt.NDArray[np.float64], terminals: npt.NDArray[np.float64], radius: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Find the terminals nearer than radius to each home.

    homes is float64[n, 2], terminals float64[m, 2]. Returns int64[n + 1] offsets and the int32
    terminal numbers that they delimit. Work is kept to strips of the square, so that memory
    stays small for any n.

    >>> homes, terminals = np.array([[0.0, 0.0], [9.0, 0.0]]), np.array([[8.0, 0.0], [0.5, 0.0]])
    >>> within_radius(homes, terminals, 2.0)
    (array([0, 1, 2]), array([1, 0], dtype=int32))
    """
    home_order = np.argsort(homes[:, 0], kind="stable")
    terminal_order = np.argsort(terminals[:, 0], kind="stable").astype(np.int32)
    terminal_x = terminals[terminal_order, 0]
    found: list[npt.NDArray[np.int32]] = [np.empty(0, np.int32)] * len(homes)
    for start in range(0, len(homes), _CUSTOMERS_AT_ONCE):
        chunk = home_order[start : start + _CUSTOMERS_AT_ONCE]
        low = np.searchsorted(terminal_x, homes[chunk[0], 0] - radius)
        high = np.searchsorted(terminal_x, homes[chunk[-1], 0] + radius)
        strip = terminal_order[low:high]
        apart_x = np.subtract.outer(homes[chunk, 0], terminals[strip, 0])
        apart_y = np.subtract.outer(homes[chunk, 1], terminals[strip, 1])
        near = apart_x**2 + apart_y**2 < radius**2
        for row, customer in enumerate(chunk):
            found[customer] = np.sort(strip[near[row]])
    counts = np.fromiter(map(len, found), np.int64, len(found))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return offsets, np.concatenate(found)
