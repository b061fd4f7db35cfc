"""Every example in a docstring gives what it says.

A module that holds an example is imported here, so the example's place is a module that needs
neither pyflink nor a peer's packages. An example that needs a running broker or the like is
skipped, and says why: `# needs a broker  # doctest: +SKIP`.
"""

from __future__ import annotations

import ast
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_SKIP = "# doctest: +SKIP"


def _holders() -> Iterator[str]:
    """Yield the dotted name of every module of ours with an example in a docstring."""
    for path in sorted(ROOT.glob("[!.]*/**/*.py")):
        if ">>>" in (text := path.read_text()) and any(
            map(_has_example, ast.walk(ast.parse(text)))
        ):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _has_example(node: ast.AST) -> bool:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return isinstance(node, documented) and ">>>" in (ast.get_docstring(node) or "")


def _reason(example: doctest.Example) -> str:
    """Return what stands between the first line of an example and its mark of being skipped."""
    return example.source.splitlines()[0].partition(_SKIP)[0].partition("  # ")[2].strip(" #")


HOLDERS = list(_holders())


@pytest.mark.parametrize("name", HOLDERS)
def test_the_examples_of_a_module_give_what_they_say(name: str) -> None:
    documented = doctest.DocTestFinder().find(importlib.import_module(name))
    examples = [example for each in documented for example in each.examples]
    skipped = [each for each in examples if doctest.OPTIONFLAGS_BY_NAME["SKIP"] in each.options]
    assert examples
    assert all(map(_reason, skipped)), f"give a reason: # needs a broker  {_SKIP}"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for each in documented:
        runner.run(each)
    assert runner.failures == 0, "the differences are printed above"
    assert runner.tries == len(examples) - len(skipped)


def test_the_examples_are_found() -> None:
    assert len(HOLDERS) > 60
    assert {"events.money", "features.windows", "producer.files.layouts"} <= set(HOLDERS)
