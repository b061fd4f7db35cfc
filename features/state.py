"""Packed state in general: its first bytes, and how an older version becomes the current one.

The first byte is the version. From version 4 on, the next three are the letters of the currency
that amounts in the state are in.
"""

from collections.abc import Callable, Mapping
from typing import Final

from features.money.units import Unit

Upgrades = Mapping[int, Callable[[bytes, Unit], bytes]]
"""Version to the function that turns a state of it into one of the next version.

States before version 4 know no currency: their amounts are taken to be in the unit's.
"""

HEAD_BYTES: Final = 4
_FIRST_WITH_CURRENCY: Final = 4


class StateError(ValueError):
    """A packed state that this code cannot read: what it is, what was expected, what to do."""


def head_of(version: int, unit: Unit) -> bytes:
    r"""Return the first bytes of a state.

    >>> head_of(4, Unit("EUR", 8))
    b'\x04EUR'
    """
    return bytes([version]) + unit.letters


def of_unit(state: bytes, unit: Unit) -> bytes:
    """Return a state without a currency, such as an empty one, as one of a reference currency."""
    return state[:1] + unit.letters + state[HEAD_BYTES:]


def upgraded(state: bytes, entity: str, version: int, upgrades: Upgrades, unit: Unit) -> bytes:
    """Return a state of an older version in the layout of `version`, of a reference currency.

    StateError where it is empty, newer, older than the transition functions reach, or of another
    reference currency.
    """
    if not state:
        raise StateError(
            f"empty {entity} state: expected at least a version byte; pass None for a new {entity}"
        )
    while state[0] != version:
        upgrade = upgrades.get(state[0])
        if upgrade is None:
            readable = ", ".join(str(known) for known in sorted({*upgrades, version}))
            raise StateError(
                f"{entity} state has schema version {state[0]}; this code reads {readable}. "
                "Run the release that wrote it, or add a transition function for this version"
            )
        state = upgrade(state, unit)
    if version >= _FIRST_WITH_CURRENCY:
        _check_currency(state, entity, unit)
    return state


def _check_currency(state: bytes, entity: str, unit: Unit) -> None:
    """Refuse a state whose amounts are in another currency than those of the rates."""
    letters = state[1:HEAD_BYTES]
    if letters == unit.letters:
        return
    if not (letters.isalpha() and letters.isupper()):
        raise damaged(state, entity)
    raise StateError(
        f"{entity} state holds amounts in {letters.decode()}; the rates of this job are for "
        f"{unit.currency}. Start the job with a table for {letters.decode()} (--rates), or without "
        "the old state (--fresh)"
    )


def damaged(state: bytes, entity: str) -> StateError:
    """Return the error for a state that contradicts its own header."""
    return StateError(
        f"{entity} state of {len(state)} bytes does not have the rows that its header says; "
        "it was cut, changed or written by something else. Restore it from a checkpoint"
    )
