"""One target under Atheris in a process of its own: `python -m tests.fuzz.worker TARGET ...`.

The rest of the command line is libFuzzer's. Atheris has to see the modules before they are
imported, so nothing of the product is imported at the top.
"""

from __future__ import annotations

import os
import random
import resource
import sys
from functools import partial
from pathlib import Path
from typing import Final

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

from tests.fuzz.mutation import mutate_json
from tests.fuzz.registry import ROOT

MORE_MEMORY_BYTES: Final = 2 * 1024**3
"""Address space that a target may take beyond what its libraries have taken at the start."""


def _address_space() -> int:
    """Return the bytes of address space that this process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _compiled() -> list[str]:
    """Name the modules that numba compiles, which takes their functions as they are written."""
    if "NUMBA_DISABLE_JIT" in os.environ:
        return []
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in ("features", "scoring")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "from features.kernels.compiled import" in path.read_text(encoding="utf-8")
    ]


def _mutate(prefix: int, data: bytes, max_size: int, seed: int) -> bytes:
    """Change JSON as JSON every other time, else as bytes."""
    draw = random.Random(seed)
    changed = mutate_json(data, prefix, draw) if draw.random() < 0.5 else None
    if changed is None or len(changed) > max_size:
        return bytes(atheris.Mutate(data, max_size))
    return changed


def main(arguments: list[str]) -> None:
    """Import the target with its readers instrumented, bound memory, and fuzz."""
    from tests.fuzz import corpus, registry

    name, *options = arguments
    target = registry.TARGETS[name]
    with atheris.instrument_imports(include=list(target.instrument), exclude=_compiled()):
        module = registry.load(name)
        from tests.fuzz.oracle import timed
    folder = Path(options.pop())
    for number, seed in enumerate((*module.seeds(), *corpus.kept(name))):
        (folder / f"start-{number:04}").write_bytes(seed)
    limit = _address_space() + MORE_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    mutate = partial(_mutate, target.json_from) if target.json_from is not None else None
    atheris.Setup(
        ["fuzz", *options, str(folder)], partial(timed, module.run), custom_mutator=mutate
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
