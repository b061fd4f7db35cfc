"""Slices of one memory, for compiled code and for who wants one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]


class Slices(Sequence[bytes]):
    """Slices of a memory, one behind the other; a slice is an object only where it is asked for.

    >>> list(Slices(b"-onetwo", np.array([1, 4, 7])))
    [b'one', b'two']
    """

    def __init__(self, memory: bytes, stops: Words) -> None:
        """Take n slices: where the first begins, then where each ends, int64[n + 1]."""
        self.memory = memory
        self.stops = stops

    @classmethod
    def of(cls, slices: Sequence[bytes]) -> Slices:
        """Return any slices as an object of this class."""
        if isinstance(slices, Slices):
            return slices
        return cls(b"".join(slices), stops_of([*map(len, slices)]))

    def joined(self) -> bytes:
        """Return all slices, one behind the other."""
        first, last = int(self.stops[0]), int(self.stops[-1])
        whole = first == 0 and last == len(self.memory)
        return self.memory if whole else self.memory[first:last]

    def __len__(self) -> int:
        """Return how many slices there are."""
        return len(self.stops) - 1

    def __iter__(self) -> Iterator[bytes]:
        """Yield the slices."""
        memory = self.memory
        for start, stop in pairwise(self.stops.tolist()):
            yield memory[start:stop]

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | Sequence[bytes]:
        """Return one slice, or several."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(f"slice {place} of {len(self)}")
        place %= len(self)
        return self.memory[self.stops[place] : self.stops[place + 1]]


def joined(slices: Sequence[bytes]) -> bytes:
    """Return slices one behind the other, without an object for each where they are `Slices`."""
    return slices.joined() if isinstance(slices, Slices) else b"".join(slices)


def stops_of(sizes: npt.NDArray[np.integer[Any]] | Sequence[int], first: int = 0) -> Words:
    """Return where slices of so many bytes begin and end, int64[n + 1].

    >>> stops_of([3, 0, 4], first=10).tolist()
    [10, 13, 13, 17]
    """
    stops = np.empty(len(sizes) + 1, np.int64)
    stops[0] = first
    np.cumsum(sizes, out=stops[1:])
    stops[1:] += first
    return stops
