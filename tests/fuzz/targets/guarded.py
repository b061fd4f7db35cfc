"""Arrays that refuse an index from the end: compiled code has no such index, and writes instead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


class Guarded(np.ndarray[Any, Any]):
    """An array for kernels that run as Python; its views are guarded too."""

    def __getitem__(self, key: Any) -> Any:
        self._check(key)
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._check(key)
        if isinstance(value, int | np.integer) and self.dtype.kind in "iu":
            bits = 8 * self.dtype.itemsize
            value = int(value) & (1 << bits) - 1  # as compiled code cuts it
            if self.dtype.kind == "i" and value >> bits - 1:
                value -= 1 << bits
        super().__setitem__(key, value)  # type: ignore[no-untyped-call]

    def _check(self, key: Any) -> None:
        if isinstance(key, int | np.integer) and not 0 <= key < len(self):
            raise IndexError(f"index {key} of an array of {len(self)}")


def guarding(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel that sees its arrays guarded."""

    def guarded(*given: Any) -> Any:
        arrays = [one.view(Guarded) if isinstance(one, np.ndarray) else one for one in given]
        return kernel(*arrays)

    return guarded


def bounded_by(limits: Mapping[str, int]) -> None:
    """Give constants of `features` other values, in every module that has them by that name.

    Kernels as Python are slow; with a few rows for a full state they get to everything.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("features."):
            for constant, value in limits.items():
                if hasattr(module, constant):
                    setattr(module, constant, value)
