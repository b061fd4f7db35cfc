"""Write a bundle's folder: all of it, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from scoring.bundle.manifest import COVERS_FILE, GOLDEN_FILE, Manifest
from scoring.bundle.manifest_file import write_manifest
from scoring.bundle.tensors import PROBABILITY
from scoring.loader import bundle_versions, file_sha256
from scoring.model.scorer import Scores
from training.arrays import Floats
from training.errors import TrainingError


def next_version(root: Path, name: str) -> int:
    """Return the version after the latest of a named bundle, 1 for the first."""
    return max(bundle_versions(root, name), default=0) + 1


def write_bundle(
    root: Path,
    manifest: Manifest,
    files: Mapping[str, bytes],
    covers: Mapping[str, Floats],
    golden_inputs: Floats,
    golden_scores: Scores,
) -> Path:
    """Write ``root/NAME/VERSION`` and return it; ``manifest.files`` is filled in here.

    ``files`` maps names to contents, models and the card; ``covers`` models to the cover of each
    leaf, float32[leaves]; the golden file keeps float32[m, k] inputs with the scores expected of
    them. The folder appears whole, by a rename.
    Raises TrainingError where that version exists.
    """
    target = root / manifest.name / str(manifest.version)
    refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    try:
        for name, content in files.items():
            (draft / name).write_bytes(content)
        columns = {PROBABILITY: golden_scores.probability, **golden_scores.models}
        np.savez_compressed(draft / GOLDEN_FILE, inputs=golden_inputs, **columns)
        np.savez_compressed(draft / COVERS_FILE, **covers)
        names = sorted([*files, COVERS_FILE, GOLDEN_FILE])
        hashes = {name: file_sha256(draft / name) for name in names}
        write_manifest(draft, msgspec.structs.replace(manifest, files=hashes))
        draft.chmod(0o755)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def refuse_existing(target: Path) -> None:
    """Raise TrainingError where a bundle's folder is already there."""
    if target.exists():
        raise TrainingError(
            f"{target} exists and bundles are never overwritten: leave out --version for the "
            "next one, or remove the folder first."
        )
