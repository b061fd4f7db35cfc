"""The xxh3 of short texts, compiled: the same 64 bits from which `features.tokens` makes tokens.

The form for 1 to 128 bytes of XXH3_64bits without a seed, by the specification of xxHash
(https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, "XXH3 Algorithm Overview").
"""

from typing import Final

import numpy as np

from features.kernels.compiled import helper
from features.plain.bits import Memory, folded_product, load_32, load_64

LONGEST: Final = 128
"""The most bytes of a text that `xxh3` takes; the specification has other forms for more."""

_U = np.uint64

_SECRET: Final = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
)
"""The start of the specification's default secret."""


def _secret(at: int, size: int = 8) -> int:
    return int.from_bytes(_SECRET[at : at + size], "little")


_WORDS: Final = tuple(_U(_secret(at)) for at in range(0, LONGEST, 8))
_S0, _S8, _S16, _S24, _S32, _S40, _S48, _S56 = _WORDS[:8]
_S64, _S72, _S80, _S88, _S96, _S104, _S112, _S120 = _WORDS[8:]
_FLIP_1: Final = _U(_secret(0, 4) ^ _secret(4, 4))
_FLIP_4: Final = _U(_secret(8) ^ _secret(16))
_FLIP_9_LOW: Final = _U(_secret(24) ^ _secret(32))
_FLIP_9_HIGH: Final = _U(_secret(40) ^ _secret(48))
_PRIME_1: Final = _U(0x9E3779B185EBCA87)
_PRIME_2: Final = _U(0xC2B2AE3D27D4EB4F)
_PRIME_3: Final = _U(0x165667B19E3779F9)
_PRIME_MX_1: Final = _U(0x165667919E3779F9)
_PRIME_MX_2: Final = _U(0x9FB21C651E98DF25)
_EVEN_BYTES: Final = _U(0x00FF00FF00FF00FF)
_EVEN_PAIRS: Final = _U(0x0000FFFF0000FFFF)


@helper
def xxh3(memory: Memory, at: int, size: int) -> np.uint64:
    """Return the xxh3 of `size` bytes from a place on, 1 to LONGEST of them."""
    if size > 16:
        return _of_17_to_128(memory, at, size)
    if size > 8:
        return _of_9_to_16(memory, at, size)
    if size > 3:
        return _of_4_to_8(memory, at, size)
    return _of_1_to_3(memory, at, size)


@helper
def _of_1_to_3(memory: Memory, at: int, size: int) -> np.uint64:
    first, last = _U(memory[at]), _U(memory[at + size - 1])
    middle = _U(memory[at + (size >> 1)])
    word = first << _U(16) | middle << _U(24) | last | _U(size) << _U(8)
    word ^= _FLIP_1
    word = (word ^ word >> _U(33)) * _PRIME_2
    word = (word ^ word >> _U(29)) * _PRIME_3
    return word ^ word >> _U(32)


@helper
def _of_4_to_8(memory: Memory, at: int, size: int) -> np.uint64:
    first, last = _U(load_32(memory, at)), _U(load_32(memory, at + size - 4))
    word = (last + (first << _U(32))) ^ _FLIP_4
    word ^= (word << _U(49) | word >> _U(15)) ^ (word << _U(24) | word >> _U(40))
    word *= _PRIME_MX_2
    word ^= (word >> _U(35)) + _U(size)
    word *= _PRIME_MX_2
    return word ^ word >> _U(28)


@helper
def _of_9_to_16(memory: Memory, at: int, size: int) -> np.uint64:
    low = load_64(memory, at) ^ _FLIP_9_LOW
    high = load_64(memory, at + size - 8) ^ _FLIP_9_HIGH
    return _avalanche(_U(size) + _swapped(low) + high + folded_product(low, high))


@helper
def _of_17_to_128(memory: Memory, at: int, size: int) -> np.uint64:
    end = at + size
    total = _U(size) * _PRIME_1
    if size > 32:
        if size > 64:
            if size > 96:
                total += _mixed(memory, at + 48, _S96, _S104)
                total += _mixed(memory, end - 64, _S112, _S120)
            total += _mixed(memory, at + 32, _S64, _S72)
            total += _mixed(memory, end - 48, _S80, _S88)
        total += _mixed(memory, at + 16, _S32, _S40)
        total += _mixed(memory, end - 32, _S48, _S56)
    total += _mixed(memory, at, _S0, _S8)
    total += _mixed(memory, end - 16, _S16, _S24)
    return _avalanche(total)


@helper
def _mixed(memory: Memory, at: int, one: np.uint64, two: np.uint64) -> np.uint64:
    return folded_product(load_64(memory, at) ^ one, load_64(memory, at + 8) ^ two)


@helper
def _avalanche(word: np.uint64) -> np.uint64:
    word ^= word >> _U(37)
    word *= _PRIME_MX_1
    return word ^ word >> _U(32)


@helper
def _swapped(word: np.uint64) -> np.uint64:
    """Return a word with its bytes in reverse."""
    word = (word & _EVEN_BYTES) << _U(8) | word >> _U(8) & _EVEN_BYTES
    word = (word & _EVEN_PAIRS) << _U(16) | word >> _U(16) & _EVEN_PAIRS
    return word << _U(32) | word >> _U(32)
