"""Load a model bundle, and refuse one that is not exactly what it says it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from features.catalogue import FEATURE_NAMES, FEATURE_SET_VERSION
from features.kernels.compiled import one_compiler
from features.money.rates import Rates
from scoring.bundle.files import (
    RESTORE,
    RETRAIN,
    Arrays,
    BundleError,
    checked_sha256,
    file_sha256,
    is_file_name,
    read_arrays,
)
from scoring.bundle.manifest import (
    COVERS_FILE,
    FIRST_WITH_RATES,
    GOLDEN_FILE,
    GRAPH_FILE,
    MANIFEST_FILE,
    RATES_FILE,
    Manifest,
)
from scoring.bundle.manifest_file import read_manifest
from scoring.bundle.manifest_sense import check_golden_levels, check_sense
from scoring.bundle.rates_file import bundle_rates
from scoring.bundle.tensors import PROBABILITY, Matrix
from scoring.decision.policy import Policy, ThresholdPolicy
from scoring.graph_loader import read_graph
from scoring.model.scorer import Scorer, Scores
from scoring.reasons.explain import Explainer

__all__ = [
    "Bundle",
    "BundleError",
    "bundle_versions",
    "file_sha256",
    "find_bundle",
    "load_bundle",
    "max_difference",
    "read_manifest",
    "verify_golden",
]

ATTRIBUTE_PREFIX = "attributes."
GOLDEN_TOLERANCE = 1e-5
LARGEST_ROUNDING = 1e-3


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle.

    ``columns`` names what ``scorer`` expects of a whole feature vector: FEATURE_NAMES, then the
    attributes of a payment that this model reads. ``explainer`` gives the reasons of an
    alert, ``policy`` the level of a decision. ``rates`` are those that its amounts were converted
    by.
    """

    path: Path
    manifest: Manifest
    scorer: Scorer
    explainer: Explainer
    policy: Policy
    columns: tuple[str, ...]
    rates: Rates

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """The pass-through attributes that follow the features, without their prefix."""
        extra = self.columns[len(FEATURE_NAMES) :]
        return tuple(name.removeprefix(ATTRIBUTE_PREFIX) for name in extra)


def load_bundle(path: Path | str) -> Bundle:
    """Load the bundle in a folder such as ``onnx_models/ensemble/1``.

    Raises BundleError where the manifest is not what its digest says or contradicts itself, or
    where the format, the feature set, a feature, a file's hash, the rates, the graph's inputs,
    outputs and numbers or the covers of its trees differ from what the manifest and this release
    say.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    _check_features(manifest, folder)
    check_sense(manifest, folder)
    _check_files(manifest, folder)
    rates = bundle_rates(manifest, folder)
    columns = (*FEATURE_NAMES, *(n for n in manifest.feature_names if _is_attribute(n)))
    positions = [columns.index(name) for name in manifest.feature_names]
    with one_compiler():
        scorer, contributions = read_graph(manifest, folder, positions, len(columns))
    explainer = Explainer(contributions, positions, columns, manifest)
    return Bundle(folder, manifest, scorer, explainer, ThresholdPolicy(manifest), columns, rates)


def verify_golden(bundle: Bundle) -> float:
    """Score the bundle's golden inputs; return the largest difference from what was expected.

    Raises BundleError where it exceeds 1e-5, or what rounding moved the probability by when the
    bundle was made (1e-3 at most): then this machine does not score as the trainer's.
    """
    golden = _golden(bundle)
    got = bundle.scorer.score_columns(golden["inputs"])
    difference = max_difference(
        got, Scores(golden[PROBABILITY], {name: golden[name] for name in got.models})
    )
    rounding = min(bundle.manifest.parity.max_difference, LARGEST_ROUNDING)
    allowed = max(GOLDEN_TOLERANCE, rounding)
    if not difference <= allowed:
        wanted = f"scores within {allowed:g} of the golden file"
        raise BundleError(
            "Golden scores differ",
            bundle.path,
            wanted,
            f"a difference of {difference:.3g}",
            "check the version of onnxruntime against the manifest",
        )
    check_golden_levels(bundle.manifest, golden[PROBABILITY], bundle.path)
    return difference


def _golden(bundle: Bundle) -> Arrays:
    """Return the golden inputs, float32[n, k], and what was expected of them, float32[n] each."""
    golden = read_arrays(bundle.path / GOLDEN_FILE)
    names = [PROBABILITY, *bundle.scorer.models]
    got = {name: list(array.shape) for name, array in golden.items()}
    rows = golden["inputs"].shape[0] if "inputs" in golden else 0
    wanted = {"inputs": [rows, len(bundle.manifest.features)]} | {name: [rows] for name in names}
    if got != wanted:
        raise BundleError("Wrong golden rows", bundle.path / GOLDEN_FILE, wanted, got, RESTORE)
    return golden


def max_difference(left: Scores, right: Scores) -> float:
    """Return the largest absolute difference over the probability and every model's score."""
    pairs = [(left.probability, right.probability)]
    pairs += [(left.models[name], right.models[name]) for name in left.models]
    return max(_largest(one, other) for one, other in pairs)


def _largest(one: Matrix, other: Matrix) -> float:
    """Return the largest difference of two vectors, 0 for empty ones."""
    return float(np.abs(one.astype(np.float64) - other).max(initial=0.0))


def find_bundle(root: Path | str, reference: str) -> Path:
    """Return the folder of ``NAME/VERSION``, or of the latest version for ``NAME``.

    Raises BundleError where there is none.
    """
    name, _, version = reference.partition("/")
    versions = bundle_versions(root, name)
    folder = Path(root) / name
    if not versions or (version and version not in map(str, versions)):
        wanted = f"version {version}" if version else "at least one version"
        got = f"versions {', '.join(map(str, versions))}" if versions else "none"
        raise BundleError(
            f"No bundle {reference!r}", folder, wanted, got, "train one with `./cardwatch train`"
        )
    return folder / (version or str(versions[-1]))


def bundle_versions(root: Path | str, name: str) -> list[int]:
    """Return the versions of a named bundle in a registry folder, lowest first (10 after 9)."""
    folder = Path(root) / name
    if not name or not folder.is_dir():
        return []
    numbers = (child.name for child in folder.iterdir() if (child / MANIFEST_FILE).is_file())
    return sorted(int(number) for number in numbers if number.isdecimal())


def _is_attribute(name: str) -> bool:
    return name.startswith(ATTRIBUTE_PREFIX)


def _check_features(manifest: Manifest, folder: Path) -> None:
    """Refuse features that this release does not compute, or computes in another way."""
    if manifest.feature_set != FEATURE_SET_VERSION:
        raise BundleError(
            "Another feature set", folder, FEATURE_SET_VERSION, manifest.feature_set, RETRAIN
        )
    known = set(FEATURE_NAMES)
    unknown = [n for n in manifest.feature_names if n not in known and not _is_attribute(n)]
    if unknown:
        raise BundleError(
            "Unknown features", folder, "names in FEATURE_NAMES or attributes.*", unknown, RETRAIN
        )
    if len(set(manifest.feature_names)) != len(manifest.feature_names):
        raise BundleError("Repeated features", folder, "each once", manifest.feature_names, RETRAIN)
    dtypes = {feature.dtype for feature in manifest.features}
    if dtypes != {"float32"}:
        raise BundleError("Another dtype", folder, "float32", sorted(dtypes), RETRAIN)


def _check_files(manifest: Manifest, folder: Path) -> None:
    """Refuse a missing or altered file, and a manifest that does not list what is needed."""
    needed = {GRAPH_FILE, GOLDEN_FILE, COVERS_FILE, *(member.file for member in manifest.members)}
    if manifest.format_version >= FIRST_WITH_RATES:
        needed.add(RATES_FILE)
    unlisted = sorted(needed - manifest.files.keys())
    if unlisted:
        raise BundleError("Files without a hash", folder, "a SHA-256 each", unlisted, RESTORE)
    for name, wanted in manifest.files.items():
        if not is_file_name(name):
            expected = "letters, digits, - _ and . in a file's name"
            raise BundleError("File outside the bundle", folder, expected, repr(name), RESTORE)
        path = folder / name
        if not path.is_file():
            raise BundleError("Missing file", folder, name, "no such file", RESTORE)
        got = checked_sha256(path)
        if got != wanted:
            raise BundleError("Altered file", path, f"SHA-256 {wanted}", got, RESTORE)
