"""Compilation of the kernels: two decorators, and the digest that keys their cache on disk.

Bits are deterministic: fastmath is off, so floats are added in the order that the source says.
Numba keys cached machine code by the file of the decorated function alone; a change in a helper
or a constant elsewhere would go unseen. Each entry point therefore closes over a plan that holds
`SOURCES`, the digest of every module here that a kernel can come from, as part of the key. One
outside of this package closes over the digest of its own folder too (`digest_of`).

The cache is safe to share: files are written under another name and moved into place. Processes
that start at once compile one after the other (`one_compiler`), so each kernel is compiled once.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
import xxhash

_Function = TypeVar("_Function", bound=Callable[..., Any])


def digest_of(folder: Path) -> int:
    """Return 63 bits of xxh3 over the modules in a folder and below it, but those of words."""
    digest = xxhash.xxh3_64()
    for path in sorted(folder.rglob("*.py")):
        if path.name != "words.py":  # sentences: a better word is no reason to compile again
            digest.update(path.read_bytes())
    return digest.intdigest() >> 1


_HELPER: Final[dict[str, Any]] = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "forceinline": True,
}
"""Helpers are not called from Python, and compile a third faster without the means to be."""

SOURCES: Final = digest_of(Path(__file__).parent.parent)
"""The digest of the package `features`."""


def helper(function: _Function) -> _Function:
    """Compile a function that other compiled functions call; it becomes part of their code."""
    return cast(
        _Function,
        numba.njit(**_HELPER)(function),
    )


def interpreted(function: _Function) -> _Function:
    """Return a compiled helper that calls no other as the Python function that it was.

    For code that runs rarely. A helper that Python calls crashes as soon as it calls another.
    """
    return cast(_Function, getattr(function, "py_func", function))


def entry_point(function: _Function) -> _Function:
    """Compile a function that Python calls, and keep its machine code where that is possible.

    Where no folder can be written (neither beside the source nor in the user's cache folder) the
    function is compiled in each process instead of failing at import.
    """
    try:
        return cast(_Function, numba.njit(error_model="numpy", cache=True)(function))
    except RuntimeError:
        return cast(_Function, numba.njit(error_model="numpy")(function))


@contextmanager
def one_compiler() -> Iterator[None]:
    """Let other processes wait here, since they will find in the cache what this one compiles.

    The lock ends with its process. Nobody waits where the cache has no folder of its own
    (NUMBA_CACHE_DIR), or where the folder cannot be written.
    """
    with ExitStack() as held:
        # numba sets its options by name, so types do not know them.
        if folder := numba.config.CACHE_DIR:  # type: ignore[attr-defined]
            with suppress(OSError):
                _lock(Path(folder), held)
        yield


def _lock(folder: Path, held: ExitStack) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lock = held.enter_context((folder / "compiling.lock").open("w"))
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Not left to the closing: a child that another thread forks has the file open too.
    held.callback(fcntl.flock, lock, fcntl.LOCK_UN)
