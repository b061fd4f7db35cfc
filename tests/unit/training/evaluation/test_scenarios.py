"""What each kind of attack is caught by: figures that can be counted by hand."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.training.samples import SMALL, floats, payments_table
from training.data.split import DAY_MS
from training.errors import TrainingError
from training.evaluation.scenarios import (
    Judged,
    caught_within,
    features_that_see,
    judge_scenarios,
    scenario_table,
    split_off_scenarios,
    threshold_at_share,
)

SCORES = [0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.05, 0.04, 0.03, 0.6]
JUDGED = Judged(
    targets=np.array([1, 0, 1, 1, 0, 1, 0, 0, 0, 1], np.int8),
    scores=floats(SCORES),
    cards=np.array([1, 2, 1, 3, 4, 3, 2, 2, 4, 5]),
    times_ms=np.arange(10) * 1_000,
    scenarios=np.array(["loud", "", "loud", "quiet", "", "quiet", "", "", "", "loud"]),
    episodes=np.array([0, -1, 0, 1, -1, 1, -1, -1, -1, 2]),
)


def test_figures_are_those_counted_by_hand() -> None:
    table = scenario_table(JUDGED, alert_share=0.3)
    assert (table.payments, table.frauds, table.alerts, table.cases) == (10, 5, 3, 2)
    assert table.threshold == pytest.approx(0.7)
    assert table.precision == pytest.approx(2 / 3)
    assert table.auc_roc == pytest.approx(22 / 25)
    loud, quiet, every = table.rows
    assert (loud.scenario, loud.frauds, loud.episodes) == ("loud", 3, 2)
    assert loud.recall == pytest.approx(2 / 3) and loud.episodes_caught == 0.5
    assert (quiet.recall, quiet.episodes, quiet.episodes_caught) == (0.0, 1, 0.0)
    assert (every.scenario, every.frauds, every.episodes) == ("all", 5, 3)
    assert every.recall == pytest.approx(0.4) and every.episodes_caught == pytest.approx(1 / 3)


def test_a_case_counts_a_card_once_a_day() -> None:
    by_case = scenario_table(JUDGED, alert_share=0.3, by_case=True)
    assert by_case.threshold == pytest.approx(0.6)
    assert (by_case.alerts, by_case.cases) == (4, 3)
    next_day = replace(JUDGED, times_ms=np.where(np.arange(10) == 2, DAY_MS, JUDGED.times_ms))
    assert scenario_table(next_day, alert_share=0.3, by_case=True).threshold == pytest.approx(0.7)


def test_an_alert_after_the_fifth_fraud_is_too_late() -> None:
    episodes = np.repeat([4, 8], 6)
    alerted = np.zeros(12, np.bool_)
    alerted[[5, 10]] = True
    assert caught_within(episodes, alerted) == (2, 0.5)
    assert caught_within(episodes, alerted, first=6) == (2, 1.0)


def test_episodes_may_be_mixed_in_time() -> None:
    episodes = np.array([1, 2, 1, 2, 1])
    assert caught_within(episodes, np.array([0, 0, 0, 1, 1], np.bool_), first=2) == (2, 0.5)


def test_at_least_one_payment_is_alerted() -> None:
    assert threshold_at_share(floats([0.2, 0.9, 0.1]), 0.001) == pytest.approx(0.9)


def test_features_are_ranked_by_what_each_tells_alone() -> None:
    frauds = np.array([True, True, False, False, False])
    features = floats(
        [[1, 5, 0], [1, 4, 1], [2, 1, 0], [3, 4, 1], [4, np.nan, 0]],
    )
    seen = features_that_see(("low", "high", "none"), features, frauds, ~frauds, top=2)
    assert [(one.name, one.high) for one in seen] == [("low", False), ("high", True)]
    assert seen[0].auc == 1.0 and seen[1].auc == pytest.approx(5.5 / 6)


def test_one_class_cannot_be_judged() -> None:
    with pytest.raises(TrainingError, match="longer period"):
        scenario_table(replace(JUDGED, targets=np.zeros(10, np.int8)))


def test_a_table_without_scenarios_is_refused_with_the_way_out() -> None:
    with pytest.raises(TrainingError, match="--with-scenario"):
        split_off_scenarios(payments_table(["c"], ["m"], [0]))


@pytest.fixture
def labelled_world() -> pa.Table:
    """Frauds of 900 at any merchant among payments of 10, over 40 days."""
    rng = np.random.default_rng(1)
    rows = 1_200
    fraud = rng.random(rows) < 0.1
    table = payments_table(
        [f"c{card}" for card in rng.integers(0, 20, rows)],
        [f"m{shop}" for shop in rng.integers(0, 10, rows)],
        np.linspace(1_700_000_000_000, 1_700_000_000_000 + 40 * DAY_MS, rows).astype(int).tolist(),
        fraud.tolist(),
        np.where(fraud, 90_000, rng.integers(900, 1_100, rows)).tolist(),
    )
    scenario = pa.array(["loud" if one else None for one in fraud])
    episode = pa.array([row // 100 if one else None for row, one in enumerate(fraud)], pa.int64())
    return table.append_column("fraud_scenario", scenario).append_column("fraud_episode", episode)


def test_a_world_is_replayed_fitted_and_judged_on_its_last_part(labelled_world: pa.Table) -> None:
    judged = judge_scenarios(labelled_world, SMALL)
    table = scenario_table(judged, alert_share=0.05)
    assert 150 < table.payments < 250
    assert table.auc_roc > 0.99
    assert table.rows[0].scenario == "loud"
    assert "amount" in {one.name for one in table.rows[0].seen_by}


def test_a_world_with_a_repeated_payment_is_refused(labelled_world: pa.Table) -> None:
    repeated = pa.concat_tables([labelled_world.slice(0, 1), labelled_world])
    with pytest.raises(TrainingError, match="repeats payments"):
        judge_scenarios(repeated, SMALL)
