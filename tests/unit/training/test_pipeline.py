"""A whole training run: what is written, that it repeats, and that a failure leaves nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.samples import NAMES, ORIGIN, SMALL, random_history, random_registry
from training.errors import TrainingError
from training.fit import FittedEnsemble
from training.package import member_file
from training.pipeline import Destination, Settings, train
from training.thresholds import Goal
from training.trees import Floats
from udfs.bundle import load_bundle, verify_golden
from udfs.manifest import GRAPH_FILE, MANIFEST_FILE
from udfs.score import Scores, open_session


def test_a_run_repeats_to_the_byte(tmp_path: Path) -> None:
    folder = train(random_history(), Settings(SMALL), ORIGIN, Destination(tmp_path))
    first = random_registry() / "ensemble" / "1"
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in first.iterdir())
    for path in folder.iterdir():
        assert path.read_bytes() == (first / path.name).read_bytes(), path.name


def test_the_manifest_tells_the_whole_story() -> None:
    manifest = load_bundle(random_registry() / "ensemble" / "1").manifest
    data = manifest.training
    assert data.train.last_ms + data.label_delay_ms <= data.validation.first_ms
    assert data.validation.last_ms < data.test.first_ms
    assert set(manifest.metrics) == {"ensemble", "random_forest", "xgboost"}
    assert manifest.metrics["ensemble"]["auc_roc"] > 0.7
    assert manifest.parity.max_difference <= 1e-5
    assert 0 < manifest.thresholds.medium < manifest.thresholds.high < 1
    assert sum(member.weight for member in manifest.members) == pytest.approx(1)
    assert sum(feature.importance for feature in manifest.features) == pytest.approx(1, abs=1e-3)
    assert manifest.libraries["onnxruntime"]


def test_versions_count_up_and_are_never_overwritten(tmp_path: Path) -> None:
    for expected in ("1", "2"):
        folder = train(random_history(), Settings(SMALL), ORIGIN, Destination(tmp_path))
        assert folder.name == expected
    with pytest.raises(TrainingError, match="never overwritten"):
        train(random_history(), Settings(SMALL), ORIGIN, Destination(tmp_path, version=2))


def test_options_reach_the_bundle(tmp_path: Path) -> None:
    fit = replace(SMALL, balance="weights", calibration="sigmoid", weights=(0.5, 0.5))
    settings = Settings(fit, medium=Goal("share", 0.05), high=Goal("share", 0.02), refit=False)
    bundle = load_bundle(train(random_history(), settings, ORIGIN, Destination(tmp_path, "other")))
    assert bundle.manifest.model == "other/1"
    assert not bundle.manifest.training.refit
    assert bundle.manifest.calibration is not None
    assert bundle.manifest.thresholds.alert_share["MEDIUM"] == pytest.approx(0.05, rel=0.1)
    assert verify_golden(bundle) == 0.0


def test_a_failing_gate_leaves_no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(self: FittedEnsemble, columns: Floats) -> Scores:
        scores = original(self, columns)
        return replace(scores, probability=scores.probability + np.float32(1e-3))

    original = FittedEnsemble.predict
    monkeypatch.setattr(FittedEnsemble, "predict", shifted)
    with pytest.raises(TrainingError, match="no bundle was written"):
        train(random_history(), Settings(SMALL), ORIGIN, Destination(tmp_path))
    assert list(tmp_path.rglob("*")) == []


def test_a_failing_write_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", broken)
    with pytest.raises(OSError, match="no space"):
        train(random_history(), Settings(SMALL), ORIGIN, Destination(tmp_path))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_single_graphs_take_the_same_inputs() -> None:
    folder = random_registry() / "ensemble" / "1"
    fused = open_session((folder / GRAPH_FILE).read_bytes()).get_inputs()[0]
    for name in SMALL.models:
        alone = open_session((folder / member_file(name)).read_bytes()).get_inputs()[0]
        assert (alone.name, alone.shape) == (fused.name, fused.shape)


def test_nothing_in_a_bundle_names_this_machine() -> None:
    for path in (random_registry() / "ensemble" / "1").iterdir():
        assert str(Path.home()).encode() not in path.read_bytes()
        if path.name == MANIFEST_FILE:
            assert str(Path.cwd()) not in path.read_text()


def test_progress_hears_of_every_step(tmp_path: Path) -> None:
    heard: list[str] = []
    train(random_history(), Settings(SMALL), ORIGIN, Destination(tmp_path), heard.append)
    assert f"{len(NAMES) - 1} features" in heard[0]
    assert len(heard) == 4
