"""Arrays that refuse an index from the end: compiled code has no such index, and writes instead."""

from __future__ import annotations

from collections.abc import Callable
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
        super().__setitem__(key, value)

    def _check(self, key: Any) -> None:
        if isinstance(key, int | np.integer) and not 0 <= key < len(self):
            raise IndexError(f"index {key} of an array of {len(self)}")


def guarding(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel that sees its arrays guarded."""

    def guarded(*given: Any) -> Any:
        arrays = [one.view(Guarded) if isinstance(one, np.ndarray) else one for one in given]
        return kernel(*arrays)

    return guarded
