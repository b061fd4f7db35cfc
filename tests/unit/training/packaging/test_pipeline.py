"""A whole training run: what is written, that it repeats, and that a failure leaves nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.bundle.manifest import GOLDEN_FILE, GRAPH_FILE, MANIFEST_FILE
from scoring.loader import load_bundle, verify_golden
from scoring.model.scorer import Scores, open_session
from scoring.reasons.contributions import EnsembleContributions
from tests.unit.training.samples import EVERY, NAMES, ORIGIN, SMALL, random_history, random_registry
from training.arrays import Floats
from training.ensemble.fit import FittedEnsemble
from training.errors import TrainingError
from training.packaging.package import member_file
from training.packaging.pipeline import Destination, Settings, train
from training.thresholds.solve import Goal, Goals


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
    goals = Goals(Goal("share", 0.05), Goal("share", 0.02))
    settings = Settings(fit, goals=goals, refit=False)
    bundle = load_bundle(train(random_history(), settings, ORIGIN, Destination(tmp_path, "other")))
    assert bundle.manifest.model == "other/1"
    assert not bundle.manifest.training.refit
    assert bundle.manifest.calibration is not None
    assert bundle.manifest.thresholds.alert_share["MEDIUM"] == pytest.approx(0.05, rel=0.1)
    assert verify_golden(bundle) == 0.0


def test_every_model_and_every_choice_reach_the_manifest(tmp_path: Path) -> None:
    fit = replace(EVERY, combine="stacking", max_features=9, prune=1e-4)
    bundle = load_bundle(train(random_history(), Settings(fit), ORIGIN, Destination(tmp_path)))
    manifest = bundle.manifest
    assert [member.name for member in manifest.members] == list(EVERY.models)
    assert len(manifest.features) == 9
    assert manifest.combination.method == "stacking"
    assert len(manifest.combination.parameters["slopes"]) == 5
    assert manifest.members[0].parameters["prune"] == 1e-4
    assert manifest.members[1].parameters["device"] == "cpu"
    assert set(manifest.metrics) == {"ensemble", *EVERY.models}
    assert {"lightgbm", "scikit-learn", "imbalanced-learn"} <= set(manifest.libraries)
    with np.load(bundle.path / GOLDEN_FILE) as golden:
        assert set(golden) == {"inputs", "probability", *EVERY.models}


def test_a_model_without_weight_stays_a_score_and_changes_none(tmp_path: Path) -> None:
    settings = Settings(replace(SMALL, weights=(0.0, 1.0), calibration="none"))
    bundle = load_bundle(train(random_history(), settings, ORIGIN, Destination(tmp_path)))
    rows = random_history().features[:, : len(bundle.manifest.features)]
    scores = bundle.scorer.score_columns(rows)
    assert set(scores.models) == {"random_forest", "xgboost"}
    assert scores.probability.tobytes() == scores.models["xgboost"].tobytes()
    assert [member.weight for member in bundle.manifest.members] == [0.0, 1.0]
    row = rows[0]
    every = bundle.explainer.contributions
    alone = [member for member in every.members if member.name == "xgboost"]
    assert every(row).tobytes() == EnsembleContributions(alone, len(row))(row).tobytes()
    against = bundle.manifest.against_best
    assert against is not None and not against.worse


def test_calibration_is_judged_where_it_was_not_fitted(tmp_path: Path) -> None:
    settings = Settings(replace(SMALL, balance="weights"))
    bundle = load_bundle(train(random_history(), settings, ORIGIN, Destination(tmp_path)))
    calibration = bundle.manifest.calibration
    assert calibration is not None and calibration.method == "isotonic"
    assert calibration.brier_after < 0.7 * calibration.brier_before
    assert calibration.brier_after == bundle.manifest.metrics["ensemble"]["brier"]


def test_an_isolation_forest_is_trained_without_labels(tmp_path: Path) -> None:
    unlabelled = random_history().unlabelled()
    goals = Goals(Goal("share", 0.02), Goal("share", 0.005))
    settings = Settings(replace(SMALL, models=("isolation_forest",)), goals=goals)
    bundle = load_bundle(train(unlabelled, settings, ORIGIN, Destination(tmp_path)))
    manifest = bundle.manifest
    assert not manifest.training.labelled and manifest.metrics == {}
    assert manifest.training.train.payments > 1_000
    assert manifest.thresholds.alert_share["MEDIUM"] == pytest.approx(0.02, rel=0.1)
    assert manifest.thresholds.precision == {}
    assert manifest.calibration is None
    assert verify_golden(bundle) == 0.0


@pytest.mark.parametrize("label", [-1, 0, 1])
def test_other_models_without_both_classes_say_what_to_do(tmp_path: Path, label: int) -> None:
    history = random_history()
    same = replace(history, targets=np.full_like(history.targets, label))
    with pytest.raises(TrainingError, match=r"[Gg]ive a"):
        train(same, Settings(SMALL), ORIGIN, Destination(tmp_path))
    assert list(tmp_path.rglob("*")) == []


def test_a_failing_gate_leaves_no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(self: FittedEnsemble, columns: Floats) -> Scores:
        scores = original(self, columns)
        return replace(scores, probability=scores.probability + np.float32(1e-3))

    original = FittedEnsemble.predict
    monkeypatch.setattr(FittedEnsemble, "predict", shifted)
    with pytest.raises(TrainingError, match="No bundle was written"):
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
    assert len(heard) == 5 + len(SMALL.models), "the gate has a line for each model of trees"
    assert any("skl2onnx" in line for line in heard)
