"""The corpus in the tree: for each target a file with one input a line, in base64."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus"


def kept(target: str) -> list[bytes]:
    """Return the inputs kept for a target, none where there is no file."""
    path = CORPUS / f"{target}.b64"
    if not path.exists():
        return []
    return [base64.b64decode(line) for line in path.read_text(encoding="ascii").splitlines()]


def keep(target: str, inputs: Iterable[bytes], limit_bytes: int) -> int:
    """Write the shortest inputs, each once, up to a size of the file; return how many."""
    lines: list[str] = []
    for one in sorted(set(inputs), key=lambda data: (len(data), data)):
        line = base64.b64encode(one).decode("ascii") + "\n"
        if sum(map(len, lines)) + len(line) > limit_bytes:
            break
        lines.append(line)
    (CORPUS / f"{target}.b64").write_text("".join(lines), encoding="ascii")
    return len(lines)
