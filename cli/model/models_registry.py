"""Bundles of a registry for `models`: whether each is intact, and how two differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from scoring.bundle.manifest import CARD_FILE, DIGEST_FILE, Manifest, Member
from scoring.loader import (
    BundleError,
    bundle_versions,
    find_bundle,
    load_bundle,
    read_manifest,
    verify_golden,
)


@dataclass(frozen=True)
class Entry:
    """One bundle: its manifest, None where that cannot be read, and why it must not score.

    ``golden_difference`` is how far its golden scores are off on this machine, None with an error.
    """

    reference: str
    path: Path
    manifest: Manifest | None
    error: str | None
    golden_difference: float | None

    @property
    def size_bytes(self) -> int:
        """All files of the folder together."""
        return sum(file.stat().st_size for file in self.path.iterdir() if file.is_file())

    @property
    def sealed(self) -> bool:
        """Say whether the manifest has a digest beside it."""
        return (self.path / DIGEST_FILE).is_file()

    @property
    def card(self) -> Path | None:
        """The model card, None where the bundle was written without one."""
        path = self.path / CARD_FILE
        return path if path.is_file() else None

    def to_json(self) -> dict[str, object]:
        """Return what --json tells of it."""
        facts: dict[str, object] = {
            "model": self.reference,
            "path": str(self.path),
            "valid": self.error is None,
            "error": self.error,
            "golden_difference": self.golden_difference,
            "size_bytes": self.size_bytes,
            "card": str(self.card) if self.card else None,
        }
        if self.manifest is not None:
            facts |= {
                "features": len(self.manifest.features),
                "feature_set": self.manifest.feature_set,
                "training": msgspec.to_builtins(self.manifest.training),
                "thresholds": msgspec.to_builtins(self.manifest.thresholds),
                "metrics": self.manifest.metrics,
            }
        return facts


def references(root: Path) -> Iterator[str]:
    """Yield NAME/VERSION of every bundle in a registry, names in order, versions counting up."""
    folders = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    for name in folders:
        yield from (f"{name}/{version}" for version in bundle_versions(root, name))


def examine(root: Path, reference: str) -> Entry:
    """Check a bundle as the job would: format, features, hashes, graph, and golden scores.

    Raises BundleError only where there is no such bundle; what is wrong with one is in the entry.
    """
    path = find_bundle(root, reference)
    manifest = difference = error = None
    try:
        manifest = read_manifest(path)
        _check_name(manifest, path)
        difference = verify_golden(load_bundle(path))
    except BundleError as refused:
        error = str(refused)
    return Entry(_name(path), path, manifest, error, difference)


def _check_name(manifest: Manifest, path: Path) -> None:
    """Refuse a folder that was renamed or copied: decisions would carry another bundle's name."""
    if manifest.model != _name(path):
        raise BundleError(
            "Another bundle's manifest",
            path,
            _name(path),
            manifest.model,
            "give the folder the name that its manifest says",
        )


def _name(path: Path) -> str:
    """Return NAME/VERSION of a bundle's folder."""
    return f"{path.parent.name}/{path.name}"


def describe_member(member: Member) -> str:
    """Say how large a model is and how much it counts.

    A model without trees is as large as its inputs.
    """
    trees = f"{member.trees} trees, " if member.trees else ""
    return f"{trees}weight {member.weight:.2f}"


@dataclass(frozen=True)
class Comparison:
    """Two manifests side by side, the second one as the newer."""

    one: Manifest
    two: Manifest

    @property
    def same_test(self) -> bool:
        """Say whether both were judged on the same payments, so that their figures compare."""
        left, right = self.one.training, self.two.training
        return left.sha256 == right.sha256 and left.test == right.test

    @property
    def features_added(self) -> list[str]:
        """Inputs that only the second has, in its order."""
        return [name for name in self.two.feature_names if name not in self.one.feature_names]

    @property
    def features_removed(self) -> list[str]:
        """Inputs that only the first has, in its order."""
        return [name for name in self.one.feature_names if name not in self.two.feature_names]

    def figures(self) -> dict[str, tuple[float, float]]:
        """Return the figures of the ensemble that both have."""
        left, right = (side.metrics.get("ensemble", {}) for side in (self.one, self.two))
        return {name: (left[name], right[name]) for name in left if name in right}

    def members(self) -> dict[str, tuple[str, str]]:
        """Describe each model that one or both have."""
        sides = [{member.name: member for member in side.members} for side in (self.one, self.two)]
        names = list(dict.fromkeys(name for side in sides for name in side))
        texts = [{name: describe_member(one) for name, one in side.items()} for side in sides]
        return {name: (texts[0].get(name, "-"), texts[1].get(name, "-")) for name in names}

    def to_json(self) -> dict[str, object]:
        """Return what --json tells of it."""
        return {
            "models": [self.one.model, self.two.model],
            "same_test_payments": self.same_test,
            "metrics": {
                name: {"first": left, "second": right, "difference": right - left}
                for name, (left, right) in self.figures().items()
            },
            "thresholds": [msgspec.to_builtins(side.thresholds) for side in (self.one, self.two)],
            "features_added": self.features_added,
            "features_removed": self.features_removed,
            "members": [msgspec.to_builtins(side.members) for side in (self.one, self.two)],
        }
