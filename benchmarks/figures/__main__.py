"""`python -m benchmarks.figures`: write the tables of README and docs from the records."""

from __future__ import annotations

import sys

from benchmarks.figures.pages import write
from harness.errors import BenchmarkError
from stack.installation import ROOT


def main() -> None:
    """Write the pages and name those that changed; exit with 1 where a mark is wrong."""
    try:
        changed = write(ROOT)
    except BenchmarkError as error:
        sys.exit(str(error))
    sys.stdout.writelines(f"{page.relative_to(ROOT)}\n" for page in changed)


if __name__ == "__main__":
    main()
