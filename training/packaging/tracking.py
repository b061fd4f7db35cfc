"""Record a bundle in MLflow: what it was trained with, how good it is, its files, its version.

MLflow is optional and is imported where it is asked for; nothing that scores a payment needs it.
The folder of the bundle stays what the job reads. What is recorded is a copy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scoring.bundle.manifest import MANIFEST_FILE, Manifest
from scoring.loader import file_sha256
from training.errors import TrainingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "cardwatch"
ARTIFACTS = "bundle"
DATABASE = "mlflow.db"
INSTALL = ".cardwatch/venv/bin/python -m pip install 'mlflow-skinny==3.*'"
_PORTS = {"http": 80, "https": 443}
_SECONDS_TO_CONNECT = 5.0
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Recorded:
    """A run in MLflow and the version of the registered model that it made; MLflow counts both."""

    store: str
    run_id: str
    model: str
    version: int


class Tracker:
    """A store of MLflow that is known to answer."""

    def __init__(self, client: MlflowClient, store: str, experiment: str) -> None:
        self._client = client
        self._store = store
        self._experiment = experiment

    def record(self, folder: Path, manifest: Manifest) -> Recorded:
        """Log a bundle as a finished run and register it under its name.

        Raises TrainingError where the store refuses it; the run is then marked as failed.
        """
        with _said(f"The bundle is in {folder}, but MLflow at {self._store} did not take it"):
            run = self._client.create_run(self._experiment, run_name=manifest.model)
            try:
                version = self._log(run.info.run_id, run.info.artifact_uri, folder, manifest)
            except BaseException:
                self._client.set_terminated(run.info.run_id, "FAILED")
                raise
            self._client.set_terminated(run.info.run_id, "FINISHED")
        return Recorded(self._store, run.info.run_id, manifest.name, version)

    def _log(self, run_id: str, artifacts: str, folder: Path, manifest: Manifest) -> int:
        """Log parameters, metrics and files; return the version that the registry gave."""
        client = self._client
        for key, parameter in parameters(manifest).items():
            client.log_param(run_id, key, parameter)
        for key, metric in metrics(manifest).items():
            client.log_metric(run_id, key, metric)
        client.log_artifacts(run_id, str(folder), ARTIFACTS)
        if not client.search_registered_models(f"name = '{manifest.name}'"):
            client.create_registered_model(manifest.name)
        made = client.create_model_version(
            manifest.name,
            source=f"{artifacts}/{ARTIFACTS}",
            run_id=run_id,
            tags={
                "cardwatch.bundle": manifest.model,
                "cardwatch.manifest_sha256": file_sha256(folder / MANIFEST_FILE),
            },
        )
        return int(made.version)


def open_tracker(place: Path | str) -> Tracker:
    """Return a tracker for a local folder, which is made where it is missing, or a store's URI.

    Raises TrainingError where MLflow is not installed or the store does not answer.
    """
    client_class = _import_client()
    if isinstance(place, Path):
        place.mkdir(parents=True, exist_ok=True)
        store, shown = f"sqlite:///{place.resolve() / DATABASE}", str(place)
        artifacts: str | None = (place.resolve() / "artifacts").as_uri()
    else:
        store, shown, artifacts = place, _without_secrets(place), None
        _refuse_silence(place)
    with _said(f"MLflow cannot use {shown}", place):
        client = client_class(tracking_uri=store, registry_uri=store)
        found = client.get_experiment_by_name(EXPERIMENT)
        experiment = (
            found.experiment_id
            if found
            else client.create_experiment(EXPERIMENT, artifact_location=artifacts)
        )
    return Tracker(client, shown, experiment)


def parameters(manifest: Manifest) -> dict[str, str]:
    """Return what a bundle was trained with, as MLflow's parameters."""
    told = {
        "source": manifest.training.source,
        "data_sha256": manifest.training.sha256,
        "label_delay_days": f"{manifest.training.label_delay_ms / 86_400_000:g}",
        "refit": str(manifest.training.refit),
        "command": manifest.reproduction.command,
        "seed": str(manifest.reproduction.seed),
        "feature_set": str(manifest.feature_set),
        "features": str(len(manifest.features)),
        "combination": manifest.combination.method,
        "calibration": manifest.calibration.method if manifest.calibration else "none",
        "thresholds": manifest.thresholds.method,
    }
    for member in manifest.members:
        settings = {"weight": member.weight, "trees": member.trees} | member.parameters
        told |= {f"{member.name}.{key}": str(value) for key, value in settings.items()}
    return told


def metrics(manifest: Manifest) -> dict[str, float]:
    """Return a bundle's figures as MLflow's metrics, such as ``ensemble/auc_roc``."""
    told = {
        f"{model}/{name}": value
        for model, figures in manifest.metrics.items()
        for name, value in figures.items()
    }
    return told | {
        "threshold/medium": manifest.thresholds.medium,
        "threshold/high": manifest.thresholds.high,
        "parity/max_difference": manifest.parity.max_difference,
    }


def _import_client() -> type[MlflowClient]:
    """Import MLflow's client; raises TrainingError where it is not installed."""
    # A fraud team's tools tell nobody what they do: MLflow reports its use unless told not to.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise TrainingError(
            f"--mlflow needs MLflow, and {error.name or error} is not installed: install it with "
            f"`{INSTALL}`, or leave --mlflow out."
        ) from error
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of each table that it makes
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient


@contextlib.contextmanager
def _said(what: str, place: Path | str = "") -> Iterator[None]:
    """Turn what MLflow raises into one sentence, without the secrets of a place that it names."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        reason = " ".join(str(error).split())
        if isinstance(place, str) and place:
            reason = reason.replace(place, _without_secrets(place))
        raise TrainingError(f"{what}: {reason[:_LONGEST_REASON]}") from error


def _refuse_silence(uri: str) -> None:
    """Raise TrainingError where nothing listens at a server's address.

    MLflow itself would try for minutes, and only after the models are fitted.
    """
    address = urlsplit(uri)
    if address.scheme not in _PORTS:
        return
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    try:
        socket.create_connection((host, port), timeout=_SECONDS_TO_CONNECT).close()
    except OSError as error:
        raise TrainingError(
            f"No MLflow server answers at {host}:{port} ({error.strerror or error}): start it, "
            "mend the address, or say --mlflow alone for a store on this machine."
        ) from error


def _without_secrets(uri: str) -> str:
    """Return a URI with stars for its user and password.

    >>> _without_secrets("https://me:word@host:5000/x")
    'https://***@host:5000/x'
    """
    address = urlsplit(uri)
    if "@" not in address.netloc:
        return uri
    return address._replace(netloc="***@" + address.netloc.rpartition("@")[2]).geturl()
