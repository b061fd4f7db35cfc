"""Requirements of a fault on the machine, and the refusal where one is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from harness.errors import BenchmarkError

LIBFAKETIME = "CARDWATCH_LIBFAKETIME"
"""The environment variable that names the library, where it is not the distribution's."""

_LIBRARIES = ("usr/lib/*/faketime", "usr/lib64/faketime", "usr/lib/faketime")

# Up to 0.9.12 libfaketime lets a wait of the monotonic clock end at once when that clock is not
# faked (its pull request 503), and a JVM does nothing but wait like that: it spins.
_WAITS = """
import ctypes, sys, time
system = ctypes.CDLL(None)
attributes, condition, mutex = (ctypes.create_string_buffer(64) for _ in range(3))
system.pthread_condattr_init(attributes)
system.pthread_condattr_setclock(attributes, time.CLOCK_MONOTONIC)
system.pthread_cond_init(condition, attributes)
system.pthread_mutex_init(mutex, None)
system.pthread_mutex_lock(mutex)
began = time.monotonic()
until = (ctypes.c_long * 2)(int(began), int((began % 1) * 1e9))
until[0] += 1
system.pthread_cond_timedwait(condition, mutex, until)
sys.exit(time.monotonic() - began < 0.9)
"""


class UnfitError(BenchmarkError):
    """This machine cannot show the fault; the sentence says what it would take."""


def need_root(what: str) -> None:
    """Raise UnfitError where this process may not change mounts and networks."""
    if os.geteuid() != 0:
        raise UnfitError(f"{what} takes root: run ./cardwatch faults as root.")


def libfaketime() -> Path:
    """Return the library that gives a process a clock of its own; UnfitError without a good one."""
    named = os.environ.get(LIBFAKETIME)
    installed = (each for folder in _LIBRARIES for each in Path("/").glob(folder))
    found = [Path(named)] if named else [folder / "libfaketimeMT.so.1" for folder in installed]
    for library in found:
        if library.is_file() and _lets_wait(library):
            return library
    raise UnfitError(
        "A clock of its own takes a libfaketime newer than 0.9.12, found "
        f"{', '.join(map(str, found)) or 'none'}. Build it from github.com/wolfcw/libfaketime "
        f"(make -C src) and name its libfaketimeMT.so.1 in {LIBFAKETIME}."
    )


@cache
def _lets_wait(library: Path) -> bool:
    """Say whether a wait takes its time although the wall clock is faked."""
    faked = {"LD_PRELOAD": str(library), "FAKETIME": "+300", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    return not subprocess.run([sys.executable, "-c", _WAITS], env=faked).returncode


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
