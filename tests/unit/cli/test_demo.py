"""The demo's world: as busy as what is learnt from, with something to see at once."""

import numpy as np
import pyarrow as pa
import pytest

from cli.demo.command import DemoSettings, demo_world
from producer.world.generate import generate
from producer.world.settings import DAY_MS, WorldSettings


@pytest.mark.parametrize("cards", [100, 300, 5_000])
def test_a_card_is_used_as_often_as_in_the_world_that_models_learn_from(cards: int) -> None:
    shown = demo_world(DemoSettings(25, 300.0, 30, cards, 1))
    usual = WorldSettings()
    assert shown.payments / shown.users / shown.days == pytest.approx(
        usual.payments / usual.users / usual.days, rel=0.01
    )


def test_the_first_half_minute_holds_more_frauds_than_alerts_wanted() -> None:
    settings = DemoSettings(alerts=25, rate=300.0, history_days=30, cards=5_000, seed=1)
    world = demo_world(settings)
    table = pa.Table.from_batches(generate(world))
    present = table["timestamp_ms"].to_numpy() >= world.start_ms + settings.history_days * DAY_MS
    first = np.asarray(table["is_fraud"])[present][: int(30 * settings.rate)]
    assert first.sum() > 4 * settings.alerts
