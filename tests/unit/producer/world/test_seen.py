"""The features that a scenario names do see it: nobody need believe the table in docs/world.md."""

from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from producer.world.attacks.catalogue import SCENARIOS
from producer.world.generate import generate
from producer.world.settings import WorldSettings
from training.data.history import History
from training.data.replay import replay
from training.data.split import DAY_MS
from training.evaluation.scenarios import Names, split_off_scenarios

BUSY = WorldSettings(
    users=1_500,
    merchants=700,
    payments=20_000,
    days=50,
    fraud_share=0.08,
    seed=1,
    attacks={name: 3.0 if name == "merchant_compromise" else 1.0 for name in SCENARIOS},
)


@cache
def replayed() -> tuple[History, Names]:
    """The last 30 days, when labels have come and cards have a normal."""
    table = pa.Table.from_batches(generate(BUSY, with_scenario=True))
    plain, scenarios, _ = split_off_scenarios(table)
    return replay(plain, 7 * DAY_MS), scenarios


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_feature_named_tells_the_scenario_from_genuine_payments(name: str) -> None:
    history, scenarios = replayed()
    late = history.times_ms >= BUSY.start_ms + 20 * DAY_MS
    chosen = late & ((scenarios == name) | (scenarios == ""))
    for feature in SCENARIOS[name].seen_by:
        values = history.features[chosen, history.names.index(feature)]
        auc = roc_auc_score(scenarios[chosen] == name, np.nan_to_num(values, nan=-1.0))
        assert abs(auc - 0.5) > 0.08, (feature, auc)
