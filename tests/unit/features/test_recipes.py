"""CONTRIBUTING.md's recipes for a feature, performed on a copy of the tree from the page itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[3]
FROM_STATE = "#### From what the card's or merchant's state holds"
FROM_PAYMENT = "#### From the payment alone"
TESTS = ("test_contract.py", "test_descriptions.py", "test_card_oracle.py")
SPOKEN_OF = ("card_merchant_count_30d", "is_gambling")
CHOSEN = (*SPOKEN_OF, "kernel", "names", "test_each_step_equals_the_oracle")

UNTOUCHED = "merchant]"
"""End of the names of tests of the merchant's kernel, which no recipe changes."""


class Edit(NamedTuple):
    """One passage of a file, before and after."""

    file: str
    before: str
    after: str


def recipe(title: str) -> list[Edit]:
    """Return the edits that the section shows, in its order."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    section = page.partition(f"{title}\n")[2].partition("\n####")[0]
    blocks = re.findall(r"^ *```diff\n(.*?)^ *```$", section, re.DOTALL | re.MULTILINE)
    return [edit for block in blocks for edit in _edits(textwrap.dedent(block))]


def _edits(block: str) -> Iterator[Edit]:
    """Yield the passages of a block; a blank line is context like one that begins with a space."""
    heading, _, shown = block.partition("\n")
    for passage in shown.split("@@\n"):
        lines = [line or " " for line in passage.splitlines()]
        before, after = (
            "\n".join(line[1:] for line in lines if line[0] in marks) for marks in (" -", " +")
        )
        yield Edit(heading.removeprefix("+++ "), before, after)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what declares, computes and tests features."""
    tree = tmp_path_factory.mktemp("tree")
    unwanted = shutil.ignore_patterns("__pycache__")
    for folder in ("events", "features", "tests/unit/features"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=unwanted)
    for file in ("pyproject.toml", "tests/__init__.py", "tests/unit/__init__.py"):
        shutil.copy(ROOT / file, tree / file)
    return tree


def perform(tree: Path, edits: list[Edit]) -> None:
    """Make the edits; a passage that does not stand once in its file has drifted from the page."""
    for edit in edits:
        text = (tree / edit.file).read_text()
        assert text.count(edit.before) == 1, f"not once in {edit.file}:\n{edit.before}"
        (tree / edit.file).write_text(text.replace(edit.before, edit.after))


def test_both_recipes_give_features_that_pass_their_contract_and_their_oracle(copy: Path) -> None:
    """Three files for each: nothing else has to know the features."""
    from_state, from_payment = recipe(FROM_STATE), recipe(FROM_PAYMENT)
    assert len({edit.file for edit in from_state}) == 3
    assert len({edit.file for edit in from_payment}) == 3
    perform(copy, [*from_state, *from_payment])
    done = run(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in SPOKEN_OF:
        assert re.search(rf"test_what_a_description_claims\w+\[{name}\] PASSED", done.stdout)
    assert "test_each_step_equals_the_oracle PASSED" in done.stdout


def run(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the features' own tests in the tree, with kernels compiled from it."""
    folder = Path("tests/unit/features")
    # The profile `ci` has no deadline: a busy machine is no defect of the recipe.
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"]
    command += ["--hypothesis-profile", "ci", "-k", f"({' or '.join(CHOSEN)}) and not {UNTOUCHED}"]
    command += [str(folder / name) for name in TESTS]
    here = {"PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": str(tree / "numba")}
    return subprocess.run(
        command, cwd=tree, env=os.environ | here, capture_output=True, text=True, check=False
    )
