"""A peer end to end, small: what it promises about a crash is what the judge finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers.catalogue import PEERS, environment_of
from benchmarks.peers.measure import PeerSettings, measure
from scoring.loader import find_bundle

MODELS = Path(__file__).resolve().parents[2] / "onnx_models"


@pytest.mark.parametrize(("name", "once"), [("quix", True), ("bytewax", False), ("spark", False)])
def test_a_peer_keeps_its_promise_in_a_crash(tmp_path: Path, name: str, once: bool) -> None:
    """None loses a decision or its state; a sink without transactions may repeat decisions."""
    if not environment_of(PEERS[name]).ready():
        pytest.skip(f"not installed: ./cardwatch bench peers --peer {name} installs it")
    settings = PeerSettings(
        folder=tmp_path / "stack",
        bundle=find_bundle(MODELS, "ensemble"),
        payments=2_000,
        warm_up=10_000,  # some seconds, so that its CPU is watched before the others come
        rate=200,
        seconds=6,
    )
    found = measure(PEERS[name], settings, lambda _: None)
    assert found.problem is None
    assert found.verdict is not None
    assert found.verdict.payments > 12_000
    assert (found.verdict.lost, found.verdict.wrong) == (0, 0)
    assert not (once and found.verdict.doubled)
    assert found.recovery_s is not None
