"""The groups of packages that commands need, and what an environment lacks of each.

Standard library only: the set-up uses this module before the environment exists.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_DIST_INFO = re.compile(r"^(.+)-([^-]+)\.dist-info$")


class Group(NamedTuple):
    """Packages that are installed together.

    Attributes:
        lock: Name of the lock file at the root, complete in itself and with hashes.
        holds: What the group has, in a few words.
        size_mb: Size on disk of what the group adds to the smaller ones, in 10^6 bytes.
    """

    lock: str
    holds: str
    size_mb: int


# From small to large: each lock contains the packages of the one before at the same versions.
GROUPS = {
    "runtime": Group("requirements.lock", "Flink, its Python side, the model's runtime", 1060),
    "training": Group(
        "requirements-training.lock", "scikit-learn, XGBoost, LightGBM, Optuna, Matplotlib", 275
    ),
    "development": Group("requirements-dev.lock", "ruff, mypy, pytest, MLflow and the like", 170),
}


def lacking(lock: Path, site_packages: Path) -> list[str]:
    """Return the pins of a lock that an environment does not have at their versions.

    Reads the names of folders only, so that a command can ask at each call.
    """
    found = [_DIST_INFO.match(entry.name) for entry in site_packages.glob("*.dist-info")]
    present = {(_canonical(match[1]), match[2]) for match in found if match}
    pins = _PIN.findall(lock.read_text())
    return [f"{name}=={version}" for name, version in pins if (name, version) not in present]


def _canonical(name: str) -> str:
    """Return a distribution's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()
