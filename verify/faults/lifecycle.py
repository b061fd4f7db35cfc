"""Operations on a running job: rescale it, cancel it, start it from an old savepoint."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from events.topics import DECISIONS
from harness.errors import BenchmarkError
from harness.job import JOB
from scoring.loader import load_bundle
from stack.clients.reading import read_topic
from stack.submission.snapshots import newest_snapshot
from training.data.replay import replay
from training.fit_settings import FitSettings
from training.packaging.pipeline import Destination, Origin, Settings, train
from verify.faults.fault import Control, Expectation, Fault, Kind, Moment
from verify.faults.scene import Scene
from verify.faults.traffic import Traffic, world

_GOES_ON_S = 5.0
_FEW = 15
_SMALL = FitSettings(jobs=1, forest_trees=20, forest_depth=5, boosted_trees=20, boosted_depth=3)


def rescale(scene: Scene, to: int) -> None:
    """Stop the job with a savepoint and start it from there at another parallelism."""
    snapshot = scene.job.stop()
    scene.strike()
    scene.notes["parallelism"] = f"{scene.job.parallelism} to {to}"
    scene.job.parallelism = to
    scene.job.start(snapshot)


def cancel(scene: Scene) -> None:
    """Cancel the job without a savepoint and start it from its newest checkpoint, as `submit`."""
    scene.job.cancel()
    snapshot = newest_snapshot(scene.stack.layout)
    if snapshot is None:
        raise BenchmarkError("Expected a checkpoint behind a cancelled job, found none.")
    scene.notes["from"] = snapshot.name
    scene.job.start(snapshot)


def forget(scene: Scene) -> None:
    """Cancel the job and start it without state: every payment so far is decided again."""
    scene.job.cancel()
    scene.job.start()


def old_savepoint(scene: Scene) -> None:
    """Go on from a savepoint for 5 s, cancel, and start from the same savepoint once more."""
    snapshot = scene.job.stop()
    before = len(read_topic(scene.stack.kafka, DECISIONS.name))
    scene.job.start(snapshot)
    time.sleep(_GOES_ON_S)
    scene.job.cancel()
    scene.expected_repeats = len(read_topic(scene.stack.kafka, DECISIONS.name)) - before
    scene.notes["repeats foretold"] = scene.expected_repeats
    scene.strike()
    scene.job.start(snapshot)


def upgrade_model(scene: Scene) -> None:
    """Train a new version, stop with a savepoint, and go on from it with the new version."""
    _go_on_with(scene, _trained(scene, _SMALL))
    scene.notes["model"] = scene.bundles[-1].manifest.model


def upgrade_feature(scene: Scene) -> None:
    """Go on with a model of few features for 5 s, then with the first one, which takes them all."""
    whole = scene.job.bundle
    _go_on_with(scene, _trained(scene, replace(_SMALL, max_features=_FEW)))
    time.sleep(_GOES_ON_S)
    _go_on_with(scene, whole)
    few, all_of_them = (len(one.manifest.features) for one in reversed(scene.bundles))
    scene.notes["features"] = f"{few} to {all_of_them}"


def _go_on_with(scene: Scene, model: Path) -> None:
    """Stop the job with a savepoint and start it from there with another model."""
    snapshot = scene.job.stop()
    scene.strike()
    scene.job.bundle = model
    bundle = load_bundle(model)
    if bundle.manifest.model not in {one.manifest.model for one in scene.bundles}:
        scene.bundles.append(bundle)
    scene.job.start(snapshot)


def upgrade_state(scene: Scene) -> None:
    """Stop the older job with a savepoint, and go on from it with this release's."""
    snapshot = scene.job.stop()
    scene.strike()
    scene.job.script = JOB
    scene.job.start(snapshot)


def _trained(scene: Scene, fit: FitSettings) -> Path:
    """Train a model on another world, as the version behind the job's."""
    table = pa.Table.from_batches(list(world(scene.traffic, scene.seed + 1_000)))
    old = scene.bundles[0].manifest
    return train(
        replay(table, Settings().label_delay_ms),
        Settings(fit),
        Origin("the fault suite's world", "0" * 64, "./cardwatch faults"),
        Destination(scene.stack.settings.folder / "models", old.name, old.version + 1),
    )


_FORGETS = Control(
    "a job that starts without its savepoint decides every payment again", "exactly-once", forget
)


def _rescaled(before: int, after: int) -> Fault:
    return Fault(
        f"rescale-{before}-{after}",
        f"Stop with a savepoint at parallelism {before}, start at {after}.",
        Kind.LIFECYCLE,
        partial(rescale, to=after),
        moments=(Moment.RANDOM,),
        parallelism=before,
        taskmanagers=2 * max(before, after),
        control=_FORGETS,
        shared=False,
    )


FAULTS = (
    _rescaled(1, 2),
    _rescaled(2, 1),
    _rescaled(2, 3),
    Fault(
        "upgrade-model",
        "Stop with a savepoint, start from it with a new version of the model.",
        Kind.LIFECYCLE,
        upgrade_model,
        moments=(Moment.RANDOM,),
        shared=False,
    ),
    Fault(
        "upgrade-feature",
        "Stop a job whose model takes 15 features, start it with one that takes all of them.",
        Kind.LIFECYCLE,
        upgrade_feature,
        moments=(Moment.RANDOM,),
        traffic=Traffic(payments=9_000),
        shared=False,
    ),
    Fault(
        "upgrade-state",
        "Stop a job with cards of version 2 and merchants of version 1 with a savepoint, start "
        "this one from the savepoint.",
        Kind.LIFECYCLE,
        upgrade_state,
        moments=(Moment.RANDOM,),
        first_job=Path(__file__).with_name("older_job.py"),
        traffic=Traffic(local_currencies=False),  # older releases did not convert amounts
        shared=False,
    ),
    Fault(
        "cancel",
        "Cancel without a savepoint, start from the newest checkpoint.",
        Kind.LIFECYCLE,
        cancel,
        control=_FORGETS,
    ),
    Fault(
        "old-savepoint",
        "Start from a savepoint that is 5 s old: what was decided since is decided again.",
        Kind.LIFECYCLE,
        old_savepoint,
        moments=(Moment.RANDOM,),
        traffic=Traffic(payments=12_000),
        expects=Expectation.COUNTED_REPEATS,
        shared=False,
    ),
)
