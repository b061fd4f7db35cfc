"""Repairs of PyFlink's Python worker that numba needs before its import."""

from __future__ import annotations

import builtins
import sys


def let_numba_load() -> None:
    """Put the worker's own `print` where its module says it is.

    The worker (pyflink/fn_execution/beam/beam_sdk_worker_main.py, 2.3.0) replaces `builtins.print`
    by a method of an object of its own, which is no attribute of its module. Numba registers
    `print` when it is imported, looks for it there and fails. Elsewhere nothing is missing, and
    this does nothing.
    """
    home = sys.modules.get(builtins.print.__module__)
    if home is not None and not hasattr(home, "print"):
        home.print = builtins.print  # type: ignore[attr-defined]
