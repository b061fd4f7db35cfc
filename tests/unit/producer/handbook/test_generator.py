import itertools
import tracemalloc
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from events.table import check_table
from producer.handbook.generator import generate, simulate
from producer.handbook.population import GeneratorSettings, populate
from producer.handbook.simulated_table import Day

DAYS = 60
FULL = GeneratorSettings(days=DAYS)
SMALL = GeneratorSettings(customers=300, terminals=600, radius=10.0, days=40, seed=3)


@pytest.fixture(scope="module")
def days() -> list[Day]:
    return list(simulate(FULL))


def test_every_day_has_the_payments_that_the_profiles_promise(days: list[Day]) -> None:
    # The Handbook's data has 9,285 to 9,789 payments a day; another population differs by 2 %.
    counts = [len(day.second) for day in days]
    in_the_day = 0.9692  # a normal time of day lies within 2.16 standard deviations
    expected = populate(FULL).payments_per_day.sum() * in_the_day
    assert np.mean(counts) == pytest.approx(expected, rel=0.01)
    assert min(counts) > 9_000 and max(counts) < 10_300


def test_amounts_and_times_of_day_are_those_of_the_handbook(days: list[Day]) -> None:
    amounts = np.concatenate([day.amount_minor for day in days]) / 100
    seconds = np.concatenate([day.second for day in days])
    # Populations of 5,000 differ by some 1 % in their mean amount.
    assert amounts.mean() == pytest.approx(53.63, rel=0.05)
    assert amounts.min() >= 0 and amounts.max() < 2_700
    assert np.percentile(amounts, [25, 50, 75]) == pytest.approx([21.0, 44.6, 77.0], rel=0.1)
    assert seconds.mean() == pytest.approx(43_200, abs=100)
    assert seconds.std() == pytest.approx(18_188, rel=0.01)
    assert seconds.min() >= 1 and seconds.max() < 86_400


def test_each_scenario_has_its_share(days: list[Day]) -> None:
    # Once all 28 days of scenario 2 are running: 5.4, 53.3 and 26.0 a day in the Handbook's data.
    scenarios = np.concatenate([day.scenario for day in days[28:46]])
    a_day = np.bincount(scenarios, minlength=4)[1:] / 18
    assert a_day == pytest.approx([5.4, 53.3, 26.0], rel=0.25)


def test_fraud_rate_is_the_handbooks_in_the_long_run() -> None:
    frauds = total = 0
    for day in simulate(replace(FULL, days=183)):
        frauds += int((day.scenario > 0).sum())
        total += len(day.second)
    assert frauds / total == pytest.approx(0.00837, rel=0.08)


def test_amounts_above_220_are_frauds_and_only_leaked_cards_go_beyond(days: list[Day]) -> None:
    for day in days:
        above = day.amount_minor > 22_000
        assert (day.scenario[above] > 0).all()
        assert not ((day.scenario == 1) & ~above).any()


def test_compromised_terminals_defraud_every_payment_for_28_days() -> None:
    days = list(simulate(replace(SMALL, days=60)))
    for terminal in range(SMALL.terminals):
        marked = [
            bool((day.scenario[day.terminal == terminal] >= 2).all())
            for day in days
            if (day.terminal == terminal).any()
            and (day.scenario[day.terminal == terminal] == 2).any()
        ]
        assert all(marked)


def test_a_third_of_a_leaked_cards_payments_is_abused() -> None:
    days = list(simulate(replace(FULL, days=15, seed=9)))
    marked = sum(int((day.scenario == 3).sum()) for day in days)
    leaks = 15 * 3
    mean_days = np.mean([min(14, 15 - start) for start in range(15)])
    expected = leaks * mean_days * 1.94 / 3
    assert marked == pytest.approx(expected, rel=0.3)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    first, again = (pa.Table.from_batches(generate(SMALL)) for _ in range(2))
    other = pa.Table.from_batches(generate(replace(SMALL, seed=4)))
    assert first.equals(again)
    assert not first.equals(other)


def test_batch_size_changes_nothing_but_the_batches() -> None:
    whole = pa.Table.from_batches(generate(SMALL))
    small = list(generate(replace(SMALL, batch_rows=100)))
    assert max(part.num_rows for part in small) <= 100
    assert pa.Table.from_batches(small).combine_chunks() == whole.combine_chunks()


def test_payments_come_in_order_of_time_with_ids_of_their_own() -> None:
    table = pa.Table.from_batches(generate(SMALL))
    times = table["timestamp_ms"].to_numpy()
    assert (np.diff(times) >= 0).all()
    assert times[0] >= SMALL.start_ms
    assert pc.count_distinct(table["transaction_id"]).as_py() == table.num_rows


def test_the_table_is_one_that_events_accepts() -> None:
    table = pa.Table.from_batches(generate(SMALL))
    assert check_table(table).num_rows == table.num_rows


def test_scenario_column_agrees_with_the_label() -> None:
    table = pa.Table.from_batches(generate(SMALL, with_scenario=True))
    frauds = pc.greater(table["fraud_scenario"], 0)
    assert pc.all(pc.equal(frauds, table["is_fraud"])).as_py()


def test_a_customer_pays_only_at_terminals_within_the_radius() -> None:
    population = populate(SMALL)
    for day in itertools.islice(simulate(SMALL), 3):
        for customer, terminal in zip(day.customer, day.terminal, strict=True):
            first, last = population.first_reachable[customer : customer + 2]
            assert terminal in population.reachable[first:last]


def test_memory_does_not_grow_with_the_length_of_the_simulation() -> None:
    tracemalloc.start()
    try:
        peaks = []
        for days in (30, 120):
            tracemalloc.reset_peak()
            for _ in simulate(replace(SMALL, days=days)):
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


@pytest.mark.parametrize(
    "change", [{"customers": 2}, {"terminals": 1}, {"days": 0}, {"radius": 0.0}, {"batch_rows": 0}]
)
def test_settings_that_cannot_be_simulated_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(FULL, **change)  # type: ignore[arg-type]  # each change has its field's type
