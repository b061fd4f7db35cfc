import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from producer.handbook.population import GeneratorSettings, populate, within_radius


@given(st.integers(1, 400), st.integers(1, 60), st.floats(0.5, 60.0), st.integers(0, 9))
@settings(max_examples=40)
def test_terminals_within_the_radius_are_those_of_a_naive_search(
    customers: int, terminals: int, radius: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    homes, places = rng.uniform(0, 100, (customers, 2)), rng.uniform(0, 100, (terminals, 2))
    offsets, reachable = within_radius(homes, places, radius)
    for customer, home in enumerate(homes):
        near = np.flatnonzero(((places - home) ** 2).sum(axis=1) < radius**2)
        assert reachable[offsets[customer] : offsets[customer + 1]].tolist() == near.tolist()


def test_profiles_lie_in_their_ranges() -> None:
    population = populate(GeneratorSettings())
    assert population.amount_mean.min() >= 5 and population.amount_mean.max() <= 100
    assert population.payments_per_day.min() >= 0 and population.payments_per_day.max() <= 4
    assert np.diff(population.first_reachable).mean() > 70
