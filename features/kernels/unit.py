"""The unit of amounts as the kernels are given it: one word, whose low half a state begins with."""

from features.kernels.compiled import helper


@helper
def is_of_unit(head: int, version: int, unit: int) -> bool:
    """Return whether a state that begins with a word is of a version and of the unit's currency."""
    return head == version | unit & 0xFFFFFFFF


@helper
def units_per_major(unit: int) -> float:
    """Return how many units the major unit of a word has."""
    decimals = unit >> 32
    if decimals == 8:
        return 1e8
    return 1e6 if decimals == 6 else 1e4
