from __future__ import annotations

import pytest

from benchmarks import hot_path
from tests.unit.scoring.scene import shipped

_PAYMENTS = 600


def test_each_step_of_both_stages_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Payments that do not fill a batch are timed; few are an alert."""
    monkeypatch.setattr(hot_path, "_MONTH", 1_000)
    costs = hot_path.measure_hot_path(shipped(), _PAYMENTS, rounds=2)
    assert [one.stage for one in costs] == ["card"] * 3 + ["merchant"] * 5
    assert len({one.step for one in costs}) == len(costs)
    assert all(one.us > 0 for one in costs)
    *others, alerts = costs
    assert all(one.each_us == pytest.approx(one.us) for one in others)
    assert alerts.each_us > 2 * alerts.us
