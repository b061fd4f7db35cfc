"""What a fault asks of the machine, and a machine that does not offer it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.errors import BenchmarkError

_LIBFAKETIME = "libfaketimeMT.so.1"
_LIBRARIES = ("/usr/lib/*/faketime", "/usr/lib64/faketime", "/usr/lib/faketime")


class UnfitError(BenchmarkError):
    """This machine cannot show the fault; the sentence says what it would take."""


def need_root(what: str) -> None:
    """Raise UnfitError where this process may not change mounts and networks."""
    if os.geteuid() != 0:
        raise UnfitError(f"{what} takes root: run ./cardwatch faults as root.")


def libfaketime() -> Path:
    """Return the library that gives a process a clock of its own; UnfitError without it."""
    for folder in _LIBRARIES:
        for found in sorted(Path("/").glob(f"{folder[1:]}/{_LIBFAKETIME}")):
            return found
    raise UnfitError(f"A clock of its own takes {_LIBFAKETIME}: apt-get install libfaketime.")


def run(*command: str) -> str:
    """Run a program of the system and return what it printed; UnfitError where it is refused."""
    try:
        told = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise UnfitError(
            f"The program {command[0]} is missing: install it and try again."
        ) from None
    if told.returncode:
        raise UnfitError(f"`{' '.join(command)}` failed: {told.stderr.strip()}")
    return told.stdout
