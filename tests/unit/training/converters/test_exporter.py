"""`train --exporter onnxmltools`: through the same gate, into the same form, or a clear refusal."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from scoring.bundle.manifest import CARD_FILE, COVERS_FILE, GRAPH_FILE, Exporter, Thresholds
from scoring.loader import Bundle, load_bundle, max_difference
from scoring.reasons.contributions import read_contributions
from tests.unit.training.converters.test_faults import small_booster
from tests.unit.training.samples import (
    ORIGIN,
    SMALL,
    every_fit,
    floats,
    narrow_history,
    random_fit,
    random_history,
)
from training.converters.convert import check_convertible
from training.ensemble.combination import even
from training.ensemble.fit import FittedEnsemble
from training.errors import TrainingError
from training.fit_settings import BOOSTED, FOREST, LIGHT
from training.packaging.package import package
from training.packaging.pipeline import Destination, Settings, train

LEVELS = {"MEDIUM": 0.1, "HIGH": 0.01}
THRESHOLDS = Thresholds(medium=0.2, high=0.6, method="-", alert_share=LEVELS, precision=LEVELS)
FILLED = Settings(replace(SMALL, missing="median"))


def names(fitted: FittedEnsemble) -> list[str]:
    return [f"column_{place}" for place in range(fitted.width)]


def contributions(bundle: Bundle) -> npt.NDArray[np.float64]:
    """What each input adds to the score of 50 rows, by the bundle's graph and covers."""
    manifest = bundle.manifest
    explain = read_contributions(
        onnx.load(bundle.path / GRAPH_FILE),
        dict(np.load(bundle.path / COVERS_FILE)),
        {member.name: member.weight for member in manifest.members},
        len(manifest.features),
    )
    columns = [random_history().names.index(name) for name in manifest.feature_names]
    return np.stack([explain(row) for row in random_history().features[:50, columns]])


def alone(name: str) -> FittedEnsemble:
    """One of the models as an ensemble."""
    return FittedEnsemble(tuple(m for m in every_fit().models if m.name == name), even(1))


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Bundle]:
    """The same history as a bundle of our exporter and as one of theirs."""
    root = tmp_path_factory.mktemp("registry")
    ours, theirs = (
        load_bundle(
            train(random_history(), replace(FILLED, exporter=who), ORIGIN, Destination(root, who))
        )
        for who in get_args(Exporter)
    )
    return ours, theirs


def test_a_bundle_of_converted_models_scores_and_explains_as_ours(
    bundles: tuple[Bundle, Bundle],
) -> None:
    ours, theirs = bundles
    rows = random_history().features
    assert max_difference(ours.scorer.score(rows), theirs.scorer.score(rows)) < 1e-6
    own, other = contributions(ours), contributions(theirs)
    assert np.abs(own).max() > 0.01
    np.testing.assert_allclose(other, own, atol=1e-6)


def test_manifest_and_card_name_the_exporter(bundles: tuple[Bundle, Bundle]) -> None:
    ours, theirs = bundles
    assert (ours.manifest.exporter, theirs.manifest.exporter) == ("cardwatch", "onnxmltools")
    assert {"skl2onnx", "onnxmltools"} <= set(theirs.manifest.libraries)
    assert not {"skl2onnx", "onnxmltools"} & set(ours.manifest.libraries)
    assert "--exporter onnxmltools" in (theirs.path / CARD_FILE).read_text()
    assert "Cardwatch exported the models" in (ours.path / CARD_FILE).read_text()


def test_a_bundle_of_converted_models_holds_operators_of_ours_alone(
    bundles: tuple[Bundle, Bundle],
) -> None:
    ours, theirs = (
        {
            (path.name, node.op_type)
            for path in bundle.path.glob("*.onnx")
            for node in onnx.load(path).graph.node
        }
        for bundle in bundles
    )
    assert ours == theirs


def test_a_forest_with_learned_sides_is_refused_with_the_fault_and_the_way_out() -> None:
    fitted = random_fit()
    with pytest.raises(TrainingError) as refused:
        package(
            fitted, names(fitted), THRESHOLDS, narrow_history().features, 7, exporter="onnxmltools"
        )
    said = str(refused.value)
    assert "sends missing values to another side than scikit-learn at" in said
    assert "set `missing` to `median` in --settings FILE, or use --exporter cardwatch" in said
    assert "xgboost" not in said


def test_lightgbm_is_refused_with_the_fault_and_the_way_out() -> None:
    fitted = alone(LIGHT)
    with pytest.raises(TrainingError, match=r"thresholds of lightgbm up.*leave the model out"):
        package(
            fitted, names(fitted), THRESHOLDS, narrow_history().features, 7, exporter="onnxmltools"
        )


def test_xgboost_passes_with_learned_sides() -> None:
    fitted = alone(BOOSTED)
    held_out = narrow_history().features
    packed = package(fitted, names(fitted), THRESHOLDS, held_out, 7, exporter="onnxmltools")
    assert packed.parity.max_difference < 1e-6


def test_a_wrong_base_score_is_refused_with_the_fault() -> None:
    fitted = FittedEnsemble((small_booster(),), even(1))
    with pytest.raises(TrainingError, match=r"base score 0\.5, and the one in XGBoost is 0"):
        package(fitted, ["x"], THRESHOLDS, floats([[0], [1]]), 7, exporter="onnxmltools")


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    settings = replace(FILLED, exporter="onnxmltools")
    with pytest.raises(TrainingError) as refused:
        train(random_history(), settings, ORIGIN, Destination(tmp_path))
    assert str(refused.value).endswith(f"run {sys.executable} -m pip install skl2onnx")
    assert not list(tmp_path.iterdir())


def test_no_package_of_theirs_is_needed_for_our_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    for package_name in ("skl2onnx", "onnxmltools"):
        monkeypatch.setitem(sys.modules, package_name, None)
    fitted = random_fit()
    assert package(fitted, names(fitted), THRESHOLDS, narrow_history().features, 7).graphs


def test_models_that_need_nodes_of_ours_are_refused_by_name() -> None:
    with pytest.raises(
        TrainingError, match=r"got logistic and isolation_forest; choose others with --models"
    ):
        check_convertible([FOREST, "logistic", "isolation_forest"])
