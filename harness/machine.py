"""Machine and versions of a run."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil

from stack.installation import Installation

_PACKAGES = (
    "apache-flink",
    "numpy",
    "numba",
    "onnxruntime",
    "confluent-kafka",
    "msgspec",
    "pyarrow",
)


class Machine(msgspec.Struct, frozen=True):
    """The hardware as the system tells it."""

    processor: str
    cores: int
    memory_gib: float
    system: str


class Provenance(msgspec.Struct, frozen=True):
    """Machine, time, commit (None outside a checkout) and versions of one run."""

    machine: Machine
    date: str
    commit: str | None
    uncommitted_changes: bool
    versions: dict[str, str]


def provenance(install: Installation) -> Provenance:
    """Describe this machine and this checkout, now."""
    changes = _git(install.root, "status", "--porcelain", "--untracked-files=no")
    return Provenance(
        machine=this_machine(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit_of(install.root),
        uncommitted_changes=bool(changes),
        versions=_versions(install),
    )


def this_machine() -> Machine:
    """Describe the machine that this process runs on."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
    )


def commit_of(root: Path) -> str | None:
    """Return the commit that a checkout stands at, None outside a checkout."""
    return _git(root, "rev-parse", "HEAD")


def changed_since(root: Path, commit: str, leave_out: Sequence[str] = ()) -> list[str]:
    """Return the tracked files that differ from a commit, committed again or not.

    Files below the paths of `leave_out` do not count.
    """
    paths = (".", *(f":(exclude){path}" for path in leave_out))
    told = _git(root, "diff", "--name-only", commit, "--", *paths)
    return (told or "").splitlines()


def _versions(install: Installation) -> dict[str, str]:
    found = {"python": platform.python_version()}
    found |= {name: version(name) for name in _PACKAGES}
    brokers = sorted((install.jars / "kafka").glob("kafka_2.13-*.jar"))
    if brokers:
        found["kafka"] = brokers[-1].stem.removeprefix("kafka_2.13-")
    connectors = sorted((install.jars / "flink").glob("flink-sql-connector-kafka-*.jar"))
    if connectors:
        found["flink-sql-connector-kafka"] = connectors[-1].stem.rpartition("kafka-")[2]
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git prints, None where it does not answer."""
    try:
        told = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    except OSError:
        return None
    return told.stdout.strip() if told.returncode == 0 else None
