"""The folders depend on each other in one direction, as docs/architecture.md says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.import_graph import ROOT, circle, files, imported, of_files, of_sub_folders

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


PRODUCT = (*ALLOWED, "cli")

LADDERS = {
    "scoring": ("bundle", "model", "reasons", "decision", "plain"),
    "stack": ("clients", "services", "submission", "health"),
    "training": (
        *("data", "metrics", "report", "thresholds", "onnx_graph", "models"),
        *("converters", "ensemble", "packaging", "evaluation"),
    ),
    "jobs": ("flink_edge", "stages"),
    "producer": ("values", "files", "stream", "handbook", "world", "sending"),
}
"""The sub-folders of a folder, each of which may import those before it."""


def _imports(path: Path) -> Iterator[str]:
    """Yield the top-level package of every import in a file."""
    yield from (name.partition(".")[0] for name in imported(path))


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


@pytest.mark.parametrize("folder", PRODUCT)
def test_no_files_import_each_other(folder: str) -> None:
    """Whoever reads a file of a circle has to read all of them."""
    assert circle(of_files(folder)) == []


@pytest.mark.parametrize("folder", PRODUCT)
def test_no_sub_folders_import_each_other(folder: str) -> None:
    """Neither could be taken out, or understood, without the other."""
    assert circle(of_sub_folders(folder)) == []


@pytest.mark.parametrize("folder", LADDERS)
def test_sub_folders_are_a_ladder(folder: str) -> None:
    """Nothing that a sub-folder needs lies above it."""
    ladder = LADDERS[folder]
    upwards = {
        f"{name} imports {other}"
        for place, name in enumerate(ladder)
        for other in of_sub_folders(folder).get(name, set())
        if other not in ladder[:place]
    }
    assert not upwards
    assert {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")} == {*ladder}


@pytest.mark.parametrize("folder", ["stack", "training", "producer"])
def test_files_at_the_root_lie_below_the_sub_folders(folder: str) -> None:
    """What all sub-folders share needs none of them."""
    upwards = {
        f"{name} imports {other}"
        for name, targets in of_files(folder).items()
        for other in targets
        if name.count(".") == 1 and files(folder)[name].parent == ROOT / folder
        if files(folder)[other].parent != ROOT / folder
    }
    assert not upwards
