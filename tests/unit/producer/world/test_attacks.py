"""Each scenario leaves the trace that its docstring tells of, whatever is added to the list."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.catalogue import FEATURE_NAMES
from features.categories import HIGH_RISK_CATEGORIES
from producer.world.attacks.catalogue import SCENARIOS
from producer.world.attacks.plan import plan_attacks
from producer.world.generate import generate
from producer.world.population.arrays import Urn
from producer.world.population.merchants import CATEGORIES
from producer.world.population.places import CITIES, distances_km
from producer.world.settings import WorldSettings
from producer.world.table import EPISODE_COLUMN

ONE = WorldSettings(users=500, merchants=400, payments=10_000, days=40, fraud_share=0.04, seed=5)
HOUR_MS = 3_600_000
Rows = list[dict[str, object]]


def attacked(name: str) -> tuple[pa.Table, list[Rows]]:
    """A world with one scenario only, and its whole episodes in order of time."""
    table = pa.Table.from_batches(generate(replace(ONE, attacks={name: 1.0}), with_scenario=True))
    episodes: dict[object, Rows] = {}
    for row in table.filter(table["is_fraud"]).to_pylist():
        episodes.setdefault(row[EPISODE_COLUMN], []).append(row)
    return table, [rows for rows in episodes.values() if len(rows) >= 3]


def times(rows: Rows) -> list[int]:
    return [int(str(row["timestamp_ms"])) for row in rows]


def amounts(rows: Rows) -> list[int]:
    return [int(str(row["amount_minor"])) for row in rows]


def own_history(table: pa.Table, rows: Rows) -> Rows:
    """The genuine payments of the card before an episode."""
    own = pc.and_(pc.equal(table["card_id"], rows[0]["card_id"]), pc.invert(table["is_fraud"]))
    earlier = pc.less(table["timestamp_ms"], times(rows)[0])
    return list(table.filter(pc.and_(own, earlier)).to_pylist())


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_attack_that_is_nearly_over_on_the_first_day_can_be_drawn(name: str) -> None:
    """Of one begun before the world does, only its end is drawn: minutes may be left."""
    brief = replace(ONE, users=40, merchants=60, payments=400, days=1, attacks={name: 1.0})
    for seed in range(40):
        assert sum(len(batch) for batch in generate(replace(brief, seed=seed))) == 400


def test_card_testing_is_a_burst_of_tiny_payments_before_a_large_one() -> None:
    _, episodes = attacked("card_testing")
    whole = [rows for rows in episodes if len(rows) >= 6]
    assert all(np.median(amounts(rows)) < 700 for rows in whole)
    assert np.mean([max(amounts(rows)[-2:]) > 5 * np.median(amounts(rows)) for rows in whole]) > 0.8
    tests = [times(rows)[:4] for rows in whole]
    assert all(burst[-1] - burst[0] < HOUR_MS for burst in tests)
    assert {row["channel"] for rows in whole for row in rows} == {"online"}


def test_account_takeover_comes_from_a_device_that_the_card_never_had() -> None:
    table, episodes = attacked("account_takeover")
    strange = []
    for rows in episodes[:20]:
        known = {row["device_id"] for row in own_history(table, rows)}
        strange.append(rows[0]["device_id"] not in known)
    assert np.mean(strange) > 0.5
    assert np.median([amount for rows in episodes for amount in amounts(rows)]) > 5_000


def test_impossible_travel_follows_a_payment_far_away() -> None:
    table, episodes = attacked("impossible_travel")
    cities = {city.name: at for at, city in enumerate(CITIES)}
    apart = distances_km(CITIES)
    for rows in episodes[:20]:
        before = [row for row in own_history(table, rows) if row["city"] is not None][-1]
        assert apart[cities[str(before["city"])], cities[str(rows[0]["city"])]] > 300
        assert times(rows)[0] - int(str(before["timestamp_ms"])) <= 3 * HOUR_MS


def test_a_compromised_merchant_charges_many_cards() -> None:
    _, episodes = attacked("merchant_compromise")
    cards: dict[object, set[object]] = {}
    for rows in episodes:
        assert len({row["merchant_id"] for row in rows}) == 1
        cards.setdefault(rows[0]["merchant_id"], set()).add(rows[0]["card_id"])
    assert max(map(len, cards.values())) >= 5


def test_a_bust_out_rises() -> None:
    _, episodes = attacked("bust_out")
    whole = [rows for rows in episodes if len(rows) >= 14]
    rises = [np.mean(amounts(rows)[-5:]) / np.mean(amounts(rows)[:5]) for rows in whole]
    assert np.median(rises) > 1.4
    gaps = [
        np.median(np.diff(times(rows))[-5:]) <= np.median(np.diff(times(rows))[:5])
        for rows in whole
    ]
    assert np.mean(gaps) > 0.5


def test_slow_fraud_is_small_and_days_apart() -> None:
    _, episodes = attacked("slow_fraud")
    assert np.median([gap for rows in episodes for gap in np.diff(times(rows))]) > 12 * HOUR_MS
    assert np.median([amount for rows in episodes for amount in amounts(rows)]) < 4_000


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_says_what_sees_it_and_happens_in_any_world(scenario: object) -> None:
    """A new scenario is tested by being in the catalogue."""
    one = SCENARIOS[scenario.name]  # type: ignore[attr-defined]  # the catalogue's own value
    assert one.story and one.draw.__doc__ and "Trace:" in one.draw.__doc__
    assert "Seen by" in one.draw.__doc__
    assert set(one.seen_by) <= set(FEATURE_NAMES)
    for days in (1, 30):
        settings = WorldSettings(
            users=20, merchants=40, payments=300, days=days, fraud_share=0.2, attacks={one.name: 1}
        )
        frauds = sum(
            batch.column("is_fraud").to_pylist().count(True) for batch in generate(settings)
        )
        assert frauds == 60


def test_attack_sizes_add_up_and_begin_in_order() -> None:
    weights = {"bust_out": 1.0, "slow_fraud": 2.0, "card_testing": 0.5}
    attacks = plan_attacks(np.random.default_rng(1), 1_001, weights, np.ones(50))
    assert sum(attack.kept for attack in attacks) == 1_001
    assert all(before.day <= after.day for before, after in pairwise(attacks))
    assert all(0 < attack.kept <= attack.size and 0 <= attack.day < 50 for attack in attacks)
    slow = sum(attack.kept for attack in attacks if attack.scenario == "slow_fraud")
    assert slow == pytest.approx(572, abs=1)


def test_the_mix_drifts_as_the_scenarios_say() -> None:
    even = dict.fromkeys(SCENARIOS, 1.0)
    attacks = plan_attacks(np.random.default_rng(2), 120_000, even, np.ones(1_000))
    for name, scenario in SCENARIOS.items():
        days = np.array([attack.day for attack in attacks if attack.scenario == name])
        late = 0.5 + scenario.trend / 4
        assert np.mean(days >= 500) == pytest.approx(late, abs=2 / len(days) ** 0.5), name


def test_risky_categories_are_among_those_that_the_features_know() -> None:
    assert len({category.name for category in CATEGORIES} & HIGH_RISK_CATEGORIES) >= 5


def test_an_urn_draws_by_weight_and_never_from_another_group() -> None:
    members, groups = np.arange(6), np.array([0, 1, 0, 1, 2, 0])
    urn = Urn(members, groups, np.array([1.0, 1.0, 2.0, 3.0, 5.0, 1.0]), 3)
    wanted = np.repeat([0, 1, 2], 8_000)
    drawn = urn.draw(np.random.default_rng(0), wanted)
    assert (groups[drawn] == wanted).all()
    assert np.bincount(drawn, minlength=6) / 8_000 == pytest.approx(
        [0.25, 0.25, 0.5, 0.75, 1.0, 0.25], abs=0.03
    )
