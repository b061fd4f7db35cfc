"""Table of the time that the tests take: the whole run, each speed, and the recipes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.figures.cells import at, count
from benchmarks.figures.table import Results, Row, Table

TEST: Final = "test"
RECIPES: Final = "tests/unit/features/test_recipes.py"
_SLOWEST: Final = 5


def _rows(results: Results) -> Iterator[Row]:
    """Yield the whole run, then speeds, the recipes of CONTRIBUTING.md, and the slowest files."""
    found = results[TEST]
    times = at(found, "times") or {}
    speeds = {name: one for name, one in times.items() if "/" not in name}
    files = {name: one for name, one in times.items() if "/" in name}
    tests = sum(one["tests"] for one in speeds.values())
    workers = count(at(found, "workers"))
    yield f"the whole run, {workers} workers", count(tests), count(at(found, "seconds"))
    for name, one in speeds.items():
        yield f"`{name}`, all workers together", count(one["tests"]), count(one["seconds"])
    recipes = files.get(RECIPES, {})
    yield "both recipes for a feature", count(recipes.get("tests")), count(recipes.get("seconds"))
    for name, one in list(files.items())[:_SLOWEST]:
        yield f"`{name}`", count(one["tests"]), count(one["seconds"])


TESTS_TABLES: Final = {
    "tests": Table(("what", "tests", "seconds"), {TEST: "./cardwatch test --record"}, _rows)
}
