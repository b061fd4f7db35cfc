"""Wait for what the job has to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 180.0
"""Long enough for a machine with ten other things to do; what comes sooner is waited for less."""


def wait_for(condition: Callable[[], bool], what: str | Callable[[], object]) -> None:
    """Poll until the condition holds; AssertionError says what did not come about.

    Give a function as `what` to have the error say what there is when the time is over.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() >= deadline:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"{said}: not within {PATIENCE_S:.0f} s")
        time.sleep(0.5)
