"""Recording in MLflow: a real local store, and one sentence where there is none to record in."""

import builtins
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from scoring.bundle.manifest import CARD_FILE, Manifest
from scoring.loader import load_bundle
from tests.unit.training.samples import random_registry
from training.errors import TrainingError
from training.packaging.tracking import ARTIFACTS, DATABASE, EXPERIMENT, Recorded, open_tracker

# MLflow's own tables use a loader of SQLAlchemy that SQLAlchemy 2.1 is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


def bundle() -> tuple[Path, Manifest]:
    folder = random_registry() / "ensemble" / "1"
    return folder, load_bundle(folder).manifest


def client(store: Path) -> MlflowClient:
    uri = f"sqlite:///{store / DATABASE}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Recorded]]:
    """A local store in which one bundle was recorded twice."""
    folder = tmp_path_factory.mktemp("mlflow") / "store"
    return folder, [open_tracker(folder).record(*bundle()) for _ in range(2)]


def test_a_run_tells_parameters_metrics_and_that_it_is_over(
    store: tuple[Path, list[Recorded]],
) -> None:
    folder, recorded = store
    _, manifest = bundle()
    run = client(folder).get_run(recorded[0].run_id)
    assert run.info.status == "FINISHED" and run.info.run_name == "ensemble/1"
    assert run.data.metrics["ensemble/auc_roc"] == manifest.metrics["ensemble"]["auc_roc"]
    assert run.data.metrics["threshold/high"] == manifest.thresholds.high
    assert run.data.params["source"] == "made up"
    assert run.data.params["command"] == "./cardwatch train"
    assert run.data.params["xgboost.trees"] == "15"


def test_the_whole_bundle_is_among_the_artefacts_and_still_loads(
    store: tuple[Path, list[Recorded]], tmp_path: Path
) -> None:
    folder, recorded = store
    kept = client(folder).list_artifacts(recorded[0].run_id, ARTIFACTS)
    source, _ = bundle()
    assert {Path(one.path).name for one in kept} == {one.name for one in source.iterdir()}
    copy = client(folder).download_artifacts(recorded[0].run_id, ARTIFACTS, str(tmp_path))
    assert load_bundle(copy).manifest.model == "ensemble/1"
    assert (Path(copy) / CARD_FILE).read_bytes() == (source / CARD_FILE).read_bytes()


def test_each_record_is_a_version_of_the_registered_model(
    store: tuple[Path, list[Recorded]],
) -> None:
    folder, recorded = store
    assert [one.version for one in recorded] == [1, 2]
    version = client(folder).get_model_version("ensemble", "2")
    assert version.run_id == recorded[1].run_id
    assert version.tags["cardwatch.bundle"] == "ensemble/1"
    assert str(version.source).startswith((folder / "artifacts").as_uri())


def test_the_store_holds_one_experiment_and_lies_in_its_folder(
    store: tuple[Path, list[Recorded]],
) -> None:
    folder, _ = store
    names = {one.name for one in client(folder).search_experiments()}
    assert names == {"Default", EXPERIMENT}
    assert {path.name for path in folder.iterdir()} == {DATABASE, "artifacts"}


def test_mlflow_is_told_to_report_to_nobody(store: tuple[Path, list[Recorded]]) -> None:
    from mlflow.telemetry.utils import is_telemetry_disabled

    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert is_telemetry_disabled()


def test_a_bundle_that_cannot_be_copied_leaves_a_failed_run(
    store: tuple[Path, list[Recorded]], tmp_path: Path
) -> None:
    source, manifest = bundle()
    tracker = open_tracker(store[0])
    broken = shutil.copytree(source, tmp_path / "bundle")
    (broken / "manifest.json").unlink()
    (broken / "gone").symlink_to(tmp_path / "nothing")
    with pytest.raises(TrainingError, match=r"The bundle is in .*, but MLflow at"):
        tracker.record(broken, manifest)
    kept = client(store[0])
    experiment = kept.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    runs = kept.search_runs([experiment.experiment_id])
    assert sorted(run.info.status for run in runs) == ["FAILED", "FINISHED", "FINISHED"]


def test_a_server_that_does_not_answer_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(TrainingError, match=f"No MLflow server answers at 127.0.0.1:{port}"):
        open_tracker(f"http://me:secret@127.0.0.1:{port}")


def test_a_store_of_an_unknown_kind_is_refused_without_its_password() -> None:
    with pytest.raises(TrainingError, match=r"MLflow cannot use gopher://\*\*\*@host") as caught:
        open_tracker("gopher://me:secret@host/x")
    assert "secret" not in str(caught.value)


def test_without_mlflow_the_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "mlflow":
            raise ModuleNotFoundError("No module named 'mlflow'", name="mlflow")
        return real(name, *arguments, **named)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TrainingError, match="pip install 'mlflow-skinny"):
        open_tracker(tmp_path)
