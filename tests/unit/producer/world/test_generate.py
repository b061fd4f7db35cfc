"""The world as a whole: what is asked for comes out, and it looks like people paying."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from events.table import check_table
from events.zones import ZONE_OF_COUNTRY, utc_offset_ms
from producer.world.generate import generate
from producer.world.population.currencies import ABROAD
from producer.world.settings import WorldSettings, parse_attacks
from producer.world.table import EPISODE_COLUMN, SCENARIO_COLUMN

SMALL = WorldSettings(users=800, merchants=400, payments=12_000, days=40, seed=3)


def world(settings: WorldSettings) -> pa.Table:
    return pa.Table.from_batches(generate(settings, with_scenario=True))


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return world(SMALL)


@pytest.fixture(scope="module")
def genuine(table: pa.Table) -> pa.Table:
    return table.filter(pc.invert(table["is_fraud"]))


@pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        replace(SMALL, fraud_share=0.0),
        replace(SMALL, fraud_share=0.31),
        WorldSettings(users=10, merchants=40, payments=100, days=1, fraud_share=0.1),
        replace(SMALL, days=3, attacks={"merchant_compromise": 1.0}),
        replace(SMALL, payments=2_000, attacks={"slow_fraud": 3.0, "bust_out": 1.0}),
    ],
)
def test_payments_and_frauds_come_out_as_asked(settings: WorldSettings) -> None:
    table = world(settings)
    assert table.num_rows == settings.payments
    assert pc.sum(table["is_fraud"]).as_py() == settings.frauds
    times = table["timestamp_ms"].to_numpy()
    assert (np.diff(times) >= 0).all()
    assert times[0] >= settings.start_ms and times[-1] < settings.end_ms


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(table: pa.Table) -> None:
    assert table.equals(world(SMALL))
    assert not table.equals(world(replace(SMALL, seed=4)))


def test_batch_size_changes_nothing_but_the_batches(table: pa.Table) -> None:
    small = list(generate(replace(SMALL, batch_rows=100), with_scenario=True))
    assert max(part.num_rows for part in small) <= 100
    assert pa.Table.from_batches(small).combine_chunks() == table.combine_chunks()


def test_attacks_do_not_change_what_people_do(genuine: pa.Table) -> None:
    other = world(replace(SMALL, attacks={"slow_fraud": 1.0}))
    other = other.filter(pc.invert(other["is_fraud"]))
    for name in ("card_id", "timestamp_ms", "amount_minor", "device_id"):
        assert other[name].to_pylist() == genuine[name].to_pylist(), name


def test_the_table_is_one_that_events_accepts() -> None:
    table = pa.Table.from_batches(generate(SMALL))
    assert check_table(table).num_rows == SMALL.payments
    assert pc.count_distinct(table["transaction_id"]).as_py() == SMALL.payments


def test_scenario_and_episode_are_told_of_frauds_only(table: pa.Table) -> None:
    for name in (SCENARIO_COLUMN, EPISODE_COLUMN):
        assert table[name].is_valid().to_pylist() == table["is_fraud"].to_pylist()


def test_an_episode_is_one_card_under_one_kind_of_attack(table: pa.Table) -> None:
    frauds = table.filter(table["is_fraud"]).group_by(EPISODE_COLUMN)
    seen = frauds.aggregate([("card_id", "count_distinct"), (SCENARIO_COLUMN, "count_distinct")])
    assert set(seen["card_id_count_distinct"].to_pylist()) == {1}
    assert set(seen[f"{SCENARIO_COLUMN}_count_distinct"].to_pylist()) == {1}


def test_the_mix_of_attacks_is_met_by_frauds() -> None:
    attacks = parse_attacks("card_testing:3,slow_fraud:1")
    table = world(replace(SMALL, payments=20_000, attacks=attacks))
    told = pc.value_counts(table[SCENARIO_COLUMN].drop_null()).to_pylist()
    assert {one["values"]: one["counts"] for one in told} == {
        "card_testing": 300,
        "slow_fraud": 100,
    }


def test_frauds_are_spread_over_the_period() -> None:
    """A test part at the end must hold as many frauds as the rest."""
    settings = replace(SMALL, payments=60_000, days=60, fraud_share=0.1)
    table = world(settings)
    time = table.filter(table["is_fraud"])["timestamp_ms"].to_numpy() - settings.start_ms
    fifths = np.histogram(time / (60 * 86_400_000), bins=5, range=(0, 1))[0] / len(time)
    assert fifths.min() > 0.1 and fifths.max() < 0.33


def test_places_devices_and_channels_agree(table: pa.Table) -> None:
    online = np.array(table["channel"].to_pylist()) == "online"
    for name in ("city", "lat", "lon"):
        assert (np.array(table[name].is_null().to_pylist()) == online).all()
    devices = np.array(table["device_id"].is_valid().to_pylist())
    assert not devices[~online].any()
    assert 0.7 < devices[online].mean() < 0.95


def test_people_mostly_pay_in_one_city_but_some_travel(genuine: pa.Table) -> None:
    present = genuine.filter(genuine["city"].is_valid()).select(["card_id", "city"])
    cities: dict[str, list[str]] = {}
    for card, city in zip(
        *(present[name].to_pylist() for name in present.column_names), strict=True
    ):
        cities.setdefault(card, []).append(city)
    often = [seen for seen in cities.values() if len(seen) >= 10]
    at_home = np.mean([max(seen.count(city) for city in set(seen)) / len(seen) for seen in often])
    assert 0.75 < at_home < 0.97
    assert np.mean([len(set(seen)) > 1 for seen in often]) > 0.3


def test_a_card_has_one_home_and_its_day_follows_the_clock_there(genuine: pa.Table) -> None:
    """By night few pay, wherever they live; by the clock of UTC the Finns would rise at four."""
    homes = genuine.group_by("card_id").aggregate([("home_country", "count_distinct")])
    assert set(homes["home_country_count_distinct"].to_pylist()) == {1}
    columns = (genuine[name].to_pylist() for name in ("home_country", "timestamp_ms"))
    hours: dict[str, list[float]] = {}
    for country, time_ms in zip(*columns, strict=True):
        local_ms = time_ms + utc_offset_ms(str(ZONE_OF_COUNTRY[country]), time_ms)
        hours.setdefault(country, []).append(local_ms / 3_600_000 % 24)
    assert {"DE", "PT", "FI"} <= hours.keys()
    for country in ("DE", "PT", "FI"):
        assert np.mean(np.array(hours[country]) < 6) < 0.1, country
        assert 14 < np.median(hours[country]) < 16.5, country


def test_most_of_a_cards_online_payments_come_from_few_devices(genuine: pa.Table) -> None:
    known = genuine.filter(genuine["device_id"].is_valid())
    per_card = known.group_by("card_id").aggregate(
        [("device_id", "count_distinct"), ("device_id", "count")]
    )
    often = per_card.filter(pc.greater_equal(per_card["device_id_count"], 10))
    distinct = often["device_id_count_distinct"].to_numpy()
    assert np.median(distinct) <= 3
    assert (distinct > 3).any(), "new genuine devices must occur, or they give fraud away"


def test_activity_is_skewed_so_that_cards_have_a_normal(genuine: pa.Table) -> None:
    counts = np.array([one["counts"] for one in pc.value_counts(genuine["card_id"]).to_pylist()])
    assert (counts**2).sum() / counts.sum() > 2.5 * counts.mean()


def test_a_few_merchants_take_much_of_the_trade(genuine: pa.Table) -> None:
    counts = np.sort([one["counts"] for one in pc.value_counts(genuine["merchant_id"]).to_pylist()])
    assert counts[-40:].sum() > 0.35 * counts.sum()


def test_december_and_weekends_are_busier() -> None:
    start = datetime(2025, 11, 3, tzinfo=UTC)
    settings = replace(SMALL, start=start, days=49, payments=40_000, fraud_share=0.0)
    day = (world(settings)["timestamp_ms"].to_numpy() - settings.start_ms) // 86_400_000
    counts = np.bincount(day, minlength=49)
    assert counts[35:49].mean() > 1.15 * counts[14:21].mean()
    assert counts[5::7].mean() > 1.2 * counts[0::7].mean()


def test_online_payments_and_amounts_drift_upwards() -> None:
    start = datetime(2025, 2, 3, tzinfo=UTC)
    settings = replace(SMALL, start=start, days=60, payments=60_000, fraud_share=0.0)
    table = world(settings)
    online = np.array(table["channel"].to_pylist()) == "online"
    amount = np.log(table["amount_minor"].to_numpy())
    first, last = slice(0, 15_000), slice(45_000, 60_000)
    assert online[last].mean() > 1.1 * online[first].mean()
    assert amount[last].mean() > amount[first].mean() + 0.02


@pytest.mark.parametrize(
    "change",
    [
        {"users": 9},
        {"merchants": 39},
        {"payments": 99},
        {"days": 0},
        {"seed": -1},
        {"fraud_share": 0.6},
        {"start": datetime(2025, 1, 1)},  # noqa: DTZ001  # what is refused
        {"attacks": {"card_testing": 0.0}},
        {"attacks": {"robbery": 1.0}},
        {"attacks": {"card_testing": -1.0, "bust_out": 1.0}},
    ],
)
def test_settings_that_no_world_can_follow_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change)).replace("_", " ")):
        replace(SMALL, **change)  # type: ignore[arg-type]  # each change has its field's type


@pytest.mark.parametrize(
    "text", ["", "card_testing:x", "robbery", "card_testing:0", "bust_out:inf"]
)
def test_weights_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="attacks: expected"):
        parse_attacks(text)


def test_no_device_has_a_number_that_can_be_a_card_number(genuine: pa.Table) -> None:
    """The job refuses 12 digits and more with a valid check digit, whatever stands in front."""
    devices = genuine["device_id"].drop_null()
    assert not pc.any(pc.match_substring_regex(devices, "[0-9]{12}")).as_py()
    assert pc.any(pc.match_substring_regex(devices, "[0-9]{11}")).as_py()


def test_a_payment_is_in_the_currency_of_its_country_at_the_prices_there() -> None:
    """The same people, places and values as in euros; an amount is rounded to its minor unit."""
    local, euros = (
        pa.Table.from_batches(generate(replace(SMALL, local_currencies=each)))
        for each in (True, False)
    )
    assert pc.all(pc.equal(euros["currency"], "EUR")).as_py()
    assert local.drop_columns(["amount_minor", "currency"]) == (
        euros.drop_columns(["amount_minor", "currency"])
    )
    foreign = 0
    pairs = zip(local.to_pylist(), euros["amount_minor"].to_pylist(), strict=True)
    for row, cents in pairs:
        code, rate = ABROAD.get(row["country"], ("EUR", 1.0))
        foreign += code != "EUR"
        assert row["currency"] == code
        assert abs(row["amount_minor"] - cents * rate) <= 0.5 or row["amount_minor"] == 1
    assert 0.005 < foreign / local.num_rows < 0.1
