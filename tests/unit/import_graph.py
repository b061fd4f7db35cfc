"""The product's imports as graphs: of the files in a folder, and of its sub-folders.

`python -m tests.unit.import_graph` prints them by folder, as docs/architecture.md has them.

Imports for type checkers only are in them: a file whose types need another file is read with it.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Graph = Mapping[str, set[str]]
"""What each file or folder imports, by dotted name."""


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of every import in a file, that of a module where one is named."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _is_file(inner) else node.module


@cache
def files(folder: str) -> dict[str, Path]:
    """Return the files of a folder by dotted name; a package has that of its folder."""
    found = {}
    for path in (ROOT / folder).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def of_files(folder: str) -> Graph:
    """Return which files of a folder import which others of the folder."""
    inside = files(folder)
    return {name: {*imported(path)} & inside.keys() - {name} for name, path in inside.items()}


def of_sub_folders(folder: str) -> Graph:
    """Return which sub-folders of a folder import which others.

    Files at the folder's root are no sub-folder: they may join what the sub-folders give.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for name, targets in of_files(folder).items():
        source = _sub_folder(folder, name)
        for target in targets:
            other = _sub_folder(folder, target)
            if source and other and source != other:
                found[source].add(other)
    return found


def row(folder: str, folders: Sequence[str]) -> str:
    """Return a folder's files, lines, sub-folders and imports of other folders as a row."""
    inside = files(folder)
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in inside.values())
    below = {_sub_folder(folder, name) for name in inside} - {""}
    others = Counter(name.split(".")[0] for path in inside.values() for name in {*imported(path)})
    named = ", ".join(f"`{one}` {others[one]}" for one in folders if one != folder and others[one])
    return f"| `{folder}/` | {len(inside)}, {lines:,} | {len(below)} | {named or '-'} |"


def circle(graph: Graph) -> list[str]:
    """Return the names of one circle in a graph, empty where there is none.

    >>> circle({"a": {"b"}, "b": {"c"}, "c": set()})
    []
    >>> sorted(set(circle({"a": {"b"}, "b": {"a", "c"}})))
    ['a', 'b']
    """
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _is_file(dotted: str) -> bool:
    place = ROOT.joinpath(*dotted.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def _sub_folder(folder: str, name: str) -> str:
    """Return the sub-folder that a file lies in, directly or deeper; empty for a root file."""
    path = files(folder)[name].relative_to(ROOT / folder)
    return path.parts[0] if len(path.parts) > 1 else ""


if __name__ == "__main__":
    EVERYWHERE = ROOT.glob("[a-z]*/**/*.py")
    PRODUCT = sorted({path.relative_to(ROOT).parts[0] for path in EVERYWHERE} - {"tests"})
    sys.stdout.writelines(row(folder, PRODUCT) + "\n" for folder in PRODUCT)
