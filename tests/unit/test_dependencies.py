"""The folders depend on each other in one direction, as docs/architecture.md says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

_BELOW_VERIFY = {"stack", "events", "features", "scoring", "udfs", "jobs", "training", "producer"}
ALLOWED: dict[str, set[str]] = {
    "events": set(),
    "features": {"events"},
    "stack": {"events"},
    "scoring": {"features", "events"},
    "udfs": {"scoring", "features", "events"},
    "jobs": {"udfs", "scoring", "features", "events"},
    "training": {"features", "scoring", "events"},
    "producer": {"events"},
    "harness": {"stack", "events", "features", "scoring", "jobs", "producer"},
    "verify": {"harness", *_BELOW_VERIFY},
    "benchmarks": {"verify", "harness", *_BELOW_VERIFY},
}
FOLDERS = {*ALLOWED, "cli", "tests"}
CLIENTS = {"pyflink", "confluent_kafka"}


def _imports(path: Path) -> Iterator[str]:
    """Yield the top-level package of every import in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_only_what_is_below_it(folder: str) -> None:
    """An import that points upwards ties the core to its shells."""
    upwards = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in _imports(path)
        if name in FOLDERS - ALLOWED[folder] - {folder}
    }
    assert not upwards


@pytest.mark.parametrize("folder", ["events", "features", "scoring", "training"])
def test_the_core_knows_no_client(folder: str) -> None:
    """Neither Flink nor Kafka is needed to compute a feature or to train."""
    for path in (ROOT / folder).rglob("*.py"):
        assert not CLIENTS & set(_imports(path)), path


def test_pyflink_stays_in_its_places() -> None:
    """Only the job, the UDF that it registers and the peer that is a job know Flink."""
    for folder in FOLDERS - {"jobs", "tests"}:
        for path in (ROOT / folder).rglob("*.py"):
            allowed = folder == "udfs" and path.name.endswith("_udf.py")
            allowed |= path.parent.name == "peers" and path.name.startswith("pyflink_")
            assert allowed or "pyflink" not in set(_imports(path)), path
