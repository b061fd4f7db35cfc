"""`bench state` end to end, small: its figures are of a run in which nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

from benchmarks.state.backends import BACKENDS
from benchmarks.state.run import StateSettings, measure
from cli.stack.submit import ROOT
from scoring.loader import find_bundle


def test_rocksdb_holds_the_cards_and_gives_them_back(tmp_path: Path) -> None:
    settings = StateSettings(
        folder=tmp_path / "stack",
        bundle=find_bundle(ROOT / "onnx_models", "ensemble"),
        cards=4_000,
        payments=2_000,
        warm_up=1_000,
        probes=100,
    )
    found = measure(BACKENDS["rocksdb"], settings, lambda _: None)
    assert found.payments == settings.plan.total
    assert (found.lost, found.doubled) == (0, 0)
    assert found.fill[-1].known_cards == settings.cards
    # A checkpoint that did not hold every card's payments would be smaller by far.
    assert found.checkpoint_bytes_per_card is not None and found.checkpoint_bytes_per_card > 40
    assert found.restore_full.checkpoint_bytes > 2 * found.restore_empty.checkpoint_bytes
    assert 0 < found.restore_full.tasks_running_s < found.restore_full.first_decision_s
