"""Packed state in general: its version byte, and how an older version becomes the current one."""

from collections.abc import Callable, Mapping

Upgrades = Mapping[int, Callable[[bytes], bytes]]
"""Version to the function that turns a state of it into one of the next version."""


class StateError(ValueError):
    """A packed state that this code cannot read: what it is, what was expected, what to do."""


def upgraded(state: bytes, entity: str, version: int, upgrades: Upgrades) -> bytes:
    """Return a state of an older version in the layout of `version`.

    The first byte is the version. StateError where it is empty, newer, or older than the
    transition functions reach.
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
        state = upgrade(state)
    return state


def damaged(state: bytes, entity: str) -> StateError:
    """Return the error for a state that contradicts its own header."""
    return StateError(
        f"{entity} state of {len(state)} bytes does not have the rows that its header says; "
        "it was cut, changed or written by something else. Restore it from a checkpoint"
    )
