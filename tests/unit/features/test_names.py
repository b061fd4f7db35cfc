"""A feature's name stands in its catalogue; other modules ask for what is measured."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from features.catalogue import FEATURE_NAMES, FEATURES, name_of
from features.windows import DAY_MS

ROOT: Final = Path(__file__).parents[3]
FOLDERS: Final = frozenset(path.name for path in ROOT.iterdir() if path.is_dir())
NOT_READ: Final = {"producer", "examples", "tests"}
"""Attacks of `producer` name what should see them without importing it; a test holds the names.

An example prints a feature under the name that its reader knows.
"""

NAMES: Final = set(FEATURE_NAMES) - {feature.aggregate for feature in FEATURES}
"""A few features are called as their aggregate is, by which other modules ask."""


def strings(path: Path) -> Iterator[str]:
    """Yield every string in a module's code."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_module_but_a_catalogue_repeats_the_name_of_a_feature() -> None:
    folders = [name for name in FOLDERS - NOT_READ if name.isidentifier()]
    modules = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = {path for path in modules if NAMES.intersection(strings(path))}
    entities = {f"features/{feature.entity}/catalogue.py" for feature in FEATURES}
    assert {str(path.relative_to(ROOT)) for path in found} - {"features/catalogue.py"} <= entities
    assert len(modules) > 300 and len(found) > len(entities)


def test_a_feature_is_found_by_what_it_measures() -> None:
    assert name_of("payment", "amount") == "amount"
    assert name_of("card", "mean", 7 * DAY_MS) == "card_mean_7d"
    assert name_of("merchant", "run") == "merchant_fraud_run"
