"""How pytest-xdist shares the tests out, where it runs several workers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import pytest

from stack import ports

LONGEST: Final = "job_stack"
"""Fixture of the longest group: jobs one after the other, which wait more than they compute."""


def group(file: str, fixtures: Sequence[str]) -> str | None:
    """Name the tests that one worker runs one after the other; None where a test stands alone.

    What modules share is made once: a stack, or what a file's fixtures make. The tests of faults
    have a stack each.
    """
    for shared in (LONGEST, "stack"):
        if shared in fixtures:
            return shared
    return None if file.startswith("tests/faults/") else file


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with its group, and put the longest group first, beside all others."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    items.sort(key=lambda item: LONGEST not in getattr(item, "fixturenames", ()))
    for item in items:
        file = item.nodeid.partition("::")[0]
        if (name := group(file, getattr(item, "fixturenames", ()))) is not None:
            item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(scope="session", autouse=True)
def _ports_of_the_worker() -> None:
    """Give each worker ports of its own: two stacks that start at once must not choose the same."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    every = ports._FREE_RANGE
    share = len(every) // workers
    ports._FREE_RANGE = every[mine * share : (mine + 1) * share]
