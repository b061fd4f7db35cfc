"""A batch of payments at their entities: one compiled call, with all states in one memory.

A kernel takes the payments in their order, each to the state that the one before left for its key.
It stops at a state that is full, of another head or damaged. Python prepares that state, and the
kernel goes on from there.

The kernel is given the sizes of the states, the rows of the payments, and the states, one behind
the other. It works in a memory that begins with words for each key (KEY_*) and for each payment
(NOTED_*). Behind them a key has two places: a payment reads the state in one and writes the next
state into the other.
"""

from array import array
from collections.abc import Callable, MutableMapping, Sequence
from struct import unpack_from
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernels.columns import copy
from features.kernels.compiled import helper
from features.money.rates import Rates
from features.state import HEAD_BYTES, Upgrades, damaged, head_of, of_unit, upgraded

if TYPE_CHECKING:
    from events.transaction import Transaction

STOPPED: Final = -1
"""Size of the next state where a kernel does not take a state; it writes none."""

_KEY_AT: Final = 0  # where the state is
_KEY_SIZE: Final = 1
_KEY_CHANGED: Final = 2
_KEY_NEXT_AT: Final = 3
_KEY_ROOM: Final = 4  # bytes of each place
_KEY_WORDS: Final = 5

_NOTED_SEQUENCE: Final = 0
_NOTED_FLAGS: Final = 1
_NOTED_WORDS: Final = 2

Memory = npt.NDArray[np.uint8]
Words = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Values = npt.NDArray[np.float32]

Kernel = Callable[[int, int, Memory, Memory, Values], int]
"""Takes the unit's word, the number of keys, what is given, the memory, and float32[n, f] to write.

Returns how many of the n payments it took.
"""


class Transition(NamedTuple):
    """Transition of the states of one kind of entity by payments.

    Attributes:
        entity: Name of the entity in errors.
        kernel: The compiled part.
        packed: Returns the row of each payment: numbers for the kernel, the first its key's.
        features: How many there are.
        growth: Bytes that a payment adds to a state at most.
        empty: State of a new entity, without a currency.
        version: Version of the states that the kernel takes.
        upgrades: Transition functions of older versions.
        compacted_when_full: Returns a full state compacted, any other state as the same object.
    """

    entity: str
    kernel: Kernel
    packed: Callable[[Sequence["Transaction"], Sequence[int], Rates], list[bytes]]
    features: int
    growth: int
    empty: bytes
    version: int
    upgrades: Upgrades
    compacted_when_full: Callable[[bytes], bytes]


class Taken(NamedTuple):
    """Features float32[n, f], the sequence number and the flags of each of n payments."""

    values: Values
    sequences: list[int]
    flags: list[int]


def take(
    transition: Transition,
    payments: Sequence["Transaction"],
    keys: Sequence[str],
    states: MutableMapping[str, bytes],
    rates: Rates,
) -> Taken:
    """Take payments to the states of their keys, which are changed in place.

    StateError where a state is of an unknown version, of another reference currency, or damaged;
    `states` are then as before.
    """
    names: dict[str, int] = {}
    numbers = [names.setdefault(key, len(names)) for key in keys]
    own = [states[key] if key in states else of_unit(transition.empty, rates.unit) for key in names]
    rows = transition.packed(payments, numbers, rates)
    values = np.empty((len(rows), transition.features), np.float32)
    noted: list[int] = []
    changed: set[int] = set()
    done = 0
    while done < len(rows):
        more, written = _run(transition, own, rows[done:], values[done:], rates)
        noted += more
        changed.update(written)
        done = len(noted) // _NOTED_WORDS
        if done < len(rows):
            _prepare(transition, own, numbers[done], rates)
    for key, number in names.items():
        if number in changed:
            states[key] = own[number]
    return Taken(values, noted[_NOTED_SEQUENCE::_NOTED_WORDS], noted[_NOTED_FLAGS::_NOTED_WORDS])


def _run(
    transition: Transition,
    states: list[bytes],
    rows: Sequence[bytes],
    values: Values,
    rates: Rates,
) -> tuple[tuple[int, ...], list[int]]:
    """Run the kernel over rows, and put the next states of their keys in place.

    Return what is noted of the payments that were taken, and the numbers of the changed states.
    """
    keys = len(states)
    given = b"".join((array("q", map(len, states)), *rows, *states))
    head = 8 * (_KEY_WORDS * keys + _NOTED_WORDS * len(rows))
    room = len(given) + transition.growth * len(rows) + 8 * keys
    memory = np.empty(head + 2 * room, np.uint8)
    taken = transition.kernel(rates.unit_word, keys, np.frombuffer(given, np.uint8), memory, values)
    view = memory.data
    words = unpack_from(f"<{_KEY_WORDS * keys + _NOTED_WORDS * taken}q", view)
    changed = []
    for number in range(keys):
        at, size, is_changed = words[_KEY_WORDS * number : _KEY_WORDS * number + _KEY_NEXT_AT]
        if is_changed:
            states[number] = view[at : at + size].tobytes()
            changed.append(number)
    return words[_KEY_WORDS * keys :], changed


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
def rows_of(given: Memory, keys: int, payments: int, length: int) -> Words:
    """Return the rows of so many payments, of `length` words each."""
    return given[8 * keys : 8 * (keys + length * payments)].view(np.int64)


@helper
def lay_out(
    given: Memory, keys: int, payments: int, length: int, growth: int, memory: Memory
) -> Words:
    """Give each key its two places, put its state into the first, and return the memory's words.

    A row of `length` words begins with the number of its payment's key. A payment adds `growth`
    bytes to a state at most.
    """
    head = _KEY_WORDS * keys + _NOTED_WORDS * payments
    words, sizes = memory[: 8 * head].view(np.int64), given[: 8 * keys].view(np.int64)
    rows = rows_of(given, keys, payments, length)
    for key in range(keys):
        words[_KEY_WORDS * key + _KEY_ROOM] = sizes[key]
    for payment in range(payments):
        words[_KEY_WORDS * rows[length * payment] + _KEY_ROOM] += growth
    at, state = 8 * head, 8 * (keys + length * payments)
    for key in range(keys):
        word, size = _KEY_WORDS * key, sizes[key]
        room = (words[word + _KEY_ROOM] + 7) // 8 * 8  # so that each place begins at a word
        words[word + _KEY_AT] = at
        words[word + _KEY_SIZE] = size
        words[word + _KEY_CHANGED] = 0
        words[word + _KEY_NEXT_AT] = at + room
        words[word + _KEY_ROOM] = room
        copy(given, state, memory, at, size)
        at += 2 * room
        state += size
    return words


@helper
def state_of(words: Words, memory: Memory, key: int) -> Memory:
    """Return the bytes of a key's state."""
    at = words[_KEY_WORDS * key + _KEY_AT]
    return memory[at : at + words[_KEY_WORDS * key + _KEY_SIZE]]


@helper
def room_of(words: Words, memory: Memory, key: int) -> Memory:
    """Return the bytes that take a key's next state."""
    at = words[_KEY_WORDS * key + _KEY_NEXT_AT]
    return memory[at : at + words[_KEY_WORDS * key + _KEY_ROOM]]


@helper
def note(
    words: Words, keys: int, key: int, size: int, payment: int, sequence: int, flags: int
) -> None:
    """Note a payment's step; its next state, if it has any bytes, becomes the key's state."""
    if size > 0:
        word = _KEY_WORDS * key
        at = words[word + _KEY_AT]
        words[word + _KEY_AT] = words[word + _KEY_NEXT_AT]
        words[word + _KEY_NEXT_AT] = at
        words[word + _KEY_SIZE] = size
        words[word + _KEY_CHANGED] = 1
    noted = _KEY_WORDS * keys + _NOTED_WORDS * payment
    words[noted + _NOTED_SEQUENCE] = sequence
    words[noted + _NOTED_FLAGS] = flags
