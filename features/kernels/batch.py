"""A batch of payments at their entities: one compiled call, with all states in one memory.

A kernel takes the payments in their order, each to the state that the one before left for its key.
It stops at a state that is full, of another head or damaged. Python prepares that state, and the
kernel goes on from there.

The memory of a call begins with columns of words for the keys and for the payments: see KEYS_* and
PAYMENTS_*. What the kernel is given follows: the size of each state, the row of each payment, and
the states. Last come two places for each key: a payment reads the state in one and writes the next
state into the other.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernels.columns import copy
from features.kernels.compiled import helper
from features.money.rates import Rates
from features.state import HEAD_BYTES, Upgrades, damaged, head_of, of_unit, upgraded

STOPPED: Final = -1
"""Size of the next state where a kernel does not take a state; it writes none."""

KEYS_AT: Final = 0  # where the state is
KEYS_SIZE: Final = 1
KEYS_CHANGED: Final = 2
KEYS_NEXT_AT: Final = 3
KEYS_ROOM: Final = 4  # bytes of each place
_KEYS_COLUMNS: Final = 5

PAYMENTS_SEQUENCE: Final = 0
PAYMENTS_FLAGS: Final = 1
_PAYMENTS_COLUMNS: Final = 2

Memory = npt.NDArray[np.uint8]
Words = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Values = npt.NDArray[np.float32]

Kernel = Callable[[int, int, Memory, Values], int]
"""Takes the unit's word, the number of keys, the memory, and features to write, float32[n, f].

Returns how many of the n payments it took.
"""


class Transition(NamedTuple):
    """Transition of the states of one kind of entity by payments.

    Attributes:
        entity: Name of the entity in errors.
        kernel: The compiled part.
        features: How many there are.
        growth: Bytes that a payment adds to a state at most.
        empty: State of a new entity, without a currency.
        version: Version of the states that the kernel takes.
        upgrades: Transition functions of older versions.
        compacted_when_full: Returns a full state compacted, any other state as the same object.
    """

    entity: str
    kernel: Kernel
    features: int
    growth: int
    empty: bytes
    version: int
    upgrades: Upgrades
    compacted_when_full: Callable[[bytes], bytes]


class Taken(NamedTuple):
    """The outcome of n payments: features float32[n, f], sequence numbers and flags."""

    values: Values
    sequences: Words
    flags: Words


def numbered(keys: Iterable[str]) -> tuple[list[str], list[int]]:
    """Return the distinct keys in the order of their arrival, and the place of each key in them.

    >>> numbered(["a", "b", "a"])
    (['a', 'b'], [0, 1, 0])
    """
    names: dict[str, int] = {}
    numbers = [names.setdefault(key, len(names)) for key in keys]
    return [*names], numbers


def take(
    transition: Transition,
    rows: Words,
    keys: Sequence[str],
    states: MutableMapping[str, bytes],
    rates: Rates,
) -> Taken:
    """Take payments to the states of their keys, which are changed in place.

    `rows` is int64[n, w]: a row for each payment, whose first word is the place of its key among
    the distinct `keys`. StateError where a state is of an unknown version, of another reference
    currency, or damaged; `states` are then as before.
    """
    payments = len(rows)
    own = _states_of(transition, keys, states, rates)
    found = Taken(
        np.empty((payments, transition.features), np.float32),
        np.empty(payments, np.int64),
        np.empty(payments, np.int64),
    )
    written: dict[int, bytes] = {}
    done = 0
    while done < payments:
        rest = Taken(found.values[done:], found.sequences[done:], found.flags[done:])
        done += _run(transition, own, rows[done:], rest, rates, written)
        if done < payments:
            for number, state in written.items():
                own[number] = state
            # A prepared state is not written itself: its payment may be refused.
            _prepare(transition, own, int(rows[done, 0]), rates)
    for number, state in written.items():
        states[keys[number]] = state
    return found


def _states_of(
    transition: Transition, keys: Iterable[str], states: Mapping[str, bytes], rates: Rates
) -> list[bytes]:
    """Return the state of each key, that of a new entity where there is none."""
    new = b""
    found = []
    for key in keys:
        state = states.get(key)
        if state is None:
            state = new = new or of_unit(transition.empty, rates.unit)
        found.append(state)
    return found


def _run(
    transition: Transition,
    states: list[bytes],
    rows: Words,
    found: Taken,
    rates: Rates,
    written: dict[int, bytes],
) -> int:
    """Run the kernel over rows, and return how many it took.

    What it says of them goes into `found`, and the next states into `written` by the number of
    their key.
    """
    keys, payments = len(states), len(rows)
    first = _KEYS_COLUMNS * keys
    head = 8 * (first + _PAYMENTS_COLUMNS * payments)
    given = b"".join((array("q", map(len, states)), rows.data, *states))
    end = head + len(given)
    # Given are also the rows, which is more room than the rounding of places takes.
    memory = np.empty(end + 2 * (len(given) + transition.growth * payments) + 7, np.uint8)
    view = memory.data
    view[head:end] = given
    taken = transition.kernel(rates.unit_word, keys, memory, found.values)
    at, sizes, marks = memory[: 24 * keys].view(np.int64).reshape(3, keys).tolist()
    for number, mark in enumerate(marks):
        if mark:
            written[number] = view[at[number] : at[number] + sizes[number]].tobytes()
    said = memory[8 * first : head].view(np.int64).reshape(_PAYMENTS_COLUMNS, payments)
    found.sequences[:taken] = said[PAYMENTS_SEQUENCE, :taken]
    found.flags[:taken] = said[PAYMENTS_FLAGS, :taken]
    return taken


def _prepare(transition: Transition, states: list[bytes], number: int, rates: Rates) -> None:
    """Make the state that the kernel stopped at one that it takes; StateError where that fails.

    The kernel looks at the heads, so that current states are not looked at twice. Where one has
    another head, all are looked at: the first batch after a change of version has many of these.
    """
    head = head_of(transition.version, rates.unit)
    if states[number][:HEAD_BYTES] != head:
        for each, state in enumerate(states):
            if state[:HEAD_BYTES] != head:
                states[each] = upgraded(
                    state, transition.entity, transition.version, transition.upgrades, rates.unit
                )
        return
    compacted = transition.compacted_when_full(states[number])
    if compacted is states[number]:
        raise damaged(compacted, transition.entity)
    states[number] = compacted


@helper
def words_of(memory: Memory) -> Words:
    """Return the memory as words."""
    return memory[: len(memory) // 8 * 8].view(np.int64)


@helper
def rows_at(keys: int, payments: int) -> int:
    """Return the word where the rows of payments begin."""
    return (_KEYS_COLUMNS + 1) * keys + _PAYMENTS_COLUMNS * payments


@helper
def lay_out(keys: int, payments: int, length: int, growth: int, memory: Memory) -> None:
    """Give each key its two places, and put its state into the first.

    A row of `length` words begins with the number of its payment's key. A payment adds `growth`
    bytes to a state at most.
    """
    words, rows = words_of(memory), rows_at(keys, payments)
    state = 8 * (rows + length * payments)
    at = state
    for key in range(keys):
        size = words[rows - keys + key]
        words[KEYS_SIZE * keys + key] = size
        words[KEYS_ROOM * keys + key] = size
        at += size
    for payment in range(payments):
        words[KEYS_ROOM * keys + words[rows + length * payment]] += growth
    at = _whole(at)
    for key in range(keys):
        size, room = words[KEYS_SIZE * keys + key], _whole(words[KEYS_ROOM * keys + key])
        words[KEYS_AT * keys + key] = at
        words[KEYS_CHANGED * keys + key] = 0
        words[KEYS_NEXT_AT * keys + key] = at + room
        words[KEYS_ROOM * keys + key] = room
        copy(memory, state, memory, at, size)
        at += 2 * room
        state += size


@helper
def _whole(size: int) -> int:
    """Return a size rounded up to whole words."""
    return (size + 7) // 8 * 8


@helper
def state_of(words: Words, memory: Memory, keys: int, key: int) -> Memory:
    """Return the bytes of a key's state."""
    at = words[KEYS_AT * keys + key]
    return memory[at : at + words[KEYS_SIZE * keys + key]]


@helper
def room_of(words: Words, memory: Memory, keys: int, key: int) -> Memory:
    """Return the bytes that take a key's next state."""
    at = words[KEYS_NEXT_AT * keys + key]
    return memory[at : at + words[KEYS_ROOM * keys + key]]


@helper
def note_state(words: Words, keys: int, key: int, size: int) -> None:
    """Make the next state of a key, of so many bytes, its state; with no bytes there is none."""
    if size == 0:
        return
    at = words[KEYS_AT * keys + key]
    words[KEYS_AT * keys + key] = words[KEYS_NEXT_AT * keys + key]
    words[KEYS_NEXT_AT * keys + key] = at
    words[KEYS_SIZE * keys + key] = size
    words[KEYS_CHANGED * keys + key] = 1


@helper
def note_payment(
    words: Words, keys: int, payments: int, payment: int, sequence: int, flags: int
) -> None:
    """Note what a payment's step says beside its features."""
    first = _KEYS_COLUMNS * keys + payment
    words[first + PAYMENTS_SEQUENCE * payments] = sequence
    words[first + PAYMENTS_FLAGS * payments] = flags
