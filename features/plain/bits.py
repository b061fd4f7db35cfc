"""Words of memory and products of 128 bits: what Numba has no function for; and equal bytes.

Each intrinsic is a pair: what it returns for which types, and the code that it becomes.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from features.kernels.compiled import helper

Memory = Any
"""Bytes, or uint8[n], in compiled code."""

_Code = Callable[[Any, Any, Any, Any], Any]
_WORD: Final = ir.IntType(64)
_WIDE: Final = ir.IntType(128)


def _load(result: Any) -> Callable[[Any, Any, Any], tuple[Any, _Code]]:
    """Return the intrinsic that loads an unsigned integer, least significant byte first."""

    def typed(_typing: Any, memory: Any, _at: Any) -> tuple[Any, _Code]:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, values[0])
            place = builder.gep(array.data, [values[1]])
            kind = ir.IntType(result.bitwidth).as_pointer()
            word = builder.load(builder.bitcast(place, kind))
            word.align = 1
            return word

        return result(memory, types.intp), code

    return typed


def _product(builder: Any, values: Any) -> tuple[Any, Any]:
    """Return the lower and the upper half of a product."""
    product = builder.mul(builder.zext(values[0], _WIDE), builder.zext(values[1], _WIDE))
    upper = builder.lshr(product, ir.Constant(_WIDE, 64))
    return builder.trunc(product, _WORD), builder.trunc(upper, _WORD)


def _folded(_typing: Any, _one: Any, _two: Any) -> tuple[Any, _Code]:
    def code(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.xor(*_product(builder, values))

    return types.uint64(types.uint64, types.uint64), code


def _upper(_typing: Any, _one: Any, _two: Any) -> tuple[Any, _Code]:
    def code(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return _product(builder, values)[1]

    return types.uint64(types.uint64, types.uint64), code


load_64: Final = cast("Callable[[Memory, int], np.uint64]", intrinsic(_load(types.uint64)))
"""Return the 8 bytes from a place on as an unsigned integer; the caller has looked at the end."""

load_32: Final = cast("Callable[[Memory, int], np.uint64]", intrinsic(_load(types.uint32)))
"""Return the 4 bytes from a place on as an unsigned integer; the caller has looked at the end."""

load_8: Final = cast("Callable[[Memory, int], int]", intrinsic(_load(types.uint8)))
"""Return the byte at a place, without the look at a place below 0 that an index costs."""

folded_product: Final = cast("Callable[[np.uint64, np.uint64], np.uint64]", intrinsic(_folded))
"""Return the exclusive or of both halves of a product of 128 bits."""

upper_product: Final = cast("Callable[[np.uint64, np.uint64], np.uint64]", intrinsic(_upper))
"""Return the upper half of a product of 128 bits."""


@helper
def is_same(one: Memory, one_at: int, two: Memory, two_at: int, size: int) -> bool:
    """Say whether `size` bytes are the same at two places."""
    place = 0
    while place < size and load_8(one, one_at + place) == load_8(two, two_at + place):
        place += 1
    return place == size
