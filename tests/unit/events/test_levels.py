"""The names of the risk levels stand in one module."""

from __future__ import annotations

import ast

import pytest

from events.levels import ALERT_LEVELS, LEVELS, reaches
from tests.unit.import_graph import ROOT, files
from tests.unit.test_dependencies import PRODUCT


def test_the_levels_rise() -> None:
    assert [[reaches(level, least) for least in LEVELS] for level in LEVELS] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert LEVELS[1:] == ALERT_LEVELS


@pytest.mark.parametrize("folder", PRODUCT)
def test_no_other_module_names_a_level(folder: str) -> None:
    """Everything else takes a level from `events.levels`."""
    named = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files(folder).values()
        if path != ROOT / "events" / "levels.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in LEVELS
    }
    assert not named
