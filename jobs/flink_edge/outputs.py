"""Outputs of a stage for a batch: messages of another stage, or records for Kafka."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Final, overload

import msgspec
import numpy as np

from features.kernels.slices import Slices

_NO_SLICES: Final = Slices(b"", np.zeros(1, np.int64))


class Output(msgspec.Struct, frozen=True, gc=False):
    """One message that a stage gives.

    Attributes:
        to: Key of the next stage, or name of the topic.
        key: Key of the record for Kafka, None for a record without; None towards a stage.
        value: Body of the next stage's message, or value of the record.
    """

    to: str
    key: bytes | None
    value: bytes


class Outputs(Sequence[Output]):
    """Outputs of a batch: columns of those that compiled code made, then others.

    There is an object for one of the columns only where it is asked for.
    """

    def __init__(
        self,
        to: Sequence[bytes] = (),
        keys: Sequence[bytes | None] = (),
        values: Slices = _NO_SLICES,
        others: Sequence[Output] = (),
    ) -> None:
        """Take n outputs in columns, see `Output`, and others."""
        if not len(to) == len(keys) == len(values):
            raise ValueError(f"columns of {len(to)}, {len(keys)} and {len(values)} outputs")
        self._to = to
        self._keys = keys
        self._values = values
        self._others = others

    @classmethod
    def of(cls, outputs: Sequence[Output]) -> Outputs:
        """Return outputs as an object of this class."""
        return outputs if isinstance(outputs, Outputs) else cls(others=outputs)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._to) + len(self._others)

    def __iter__(self) -> Iterator[Output]:
        """Yield the outputs."""
        to = map(bytes.decode, self._to)
        return chain(map(Output, to, self._keys, self._values), self._others)

    @overload
    def __getitem__(self, place: int) -> Output: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Output]: ...
    def __getitem__(self, place: int | slice) -> Output | Sequence[Output]:
        """Return one output, or several."""
        return [*self][place]

    def packed(self) -> tuple[list[int], list[bytes]]:
        """Return the lengths of all places, keys (-1 for none) and values, and all of these."""
        others = self._others
        places = [*self._to, *[one.to.encode() for one in others]]
        keys = [*self._keys, *[one.key for one in others]]
        values = [one.value for one in others]
        lengths = [*map(len, places), *[-1 if key is None else len(key) for key in keys]]
        in_columns = []
        if self._to:
            lengths += np.diff(self._values.stops).tolist()
            in_columns = [self._values.joined()]
        lengths += map(len, values)
        return lengths, [*places, *[key for key in keys if key is not None], *in_columns, *values]


def without_keys(count: int) -> Sequence[None]:
    """Return the keys of outputs that have none."""
    return [*repeat(None, count)]
