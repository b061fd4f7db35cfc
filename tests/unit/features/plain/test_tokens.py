"""The compiled xxh3 is that of the library that the tokens of other payments come from."""

from collections.abc import Callable
from typing import cast

import numba
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from features.plain.tokens import LONGEST, xxh3


def _hashed(memory: bytes, at: int, size: int) -> int:
    return xxh3(memory, at, size)  # type: ignore[return-value]  # an integer, in compiled code


HASH = cast("Callable[[bytes, int, int], int]", numba.njit(_hashed))


@given(st.binary(min_size=LONGEST + 20, max_size=LONGEST + 20), st.integers(0, 20))
def test_every_length_has_the_bits_of_the_library(memory: bytes, at: int) -> None:
    for size in range(1, LONGEST + 1):
        assert HASH(memory, at, size) == xxh3_64_intdigest(memory[at : at + size]), size
