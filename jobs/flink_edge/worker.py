"""The Python end of a stage: what the Java edge calls, once to open it and once for each batch."""

from collections.abc import Iterator, Mapping
from typing import Final

import cloudpickle

from jobs.flink_edge.wire import Stage, pack_answer, read_call
from udfs.metrics import Counters

_BETWEEN_GROUPS: Final = "\n"


class StatesError(ValueError):
    """A stage left states that cannot be stored; the message names the stage and the key."""


class Tally:
    r"""A metric group that adds up, for Java to add to Flink's counters with each answer.

    >>> tally = Tally()
    >>> tally.add_group("cardwatch").add_group("decisions").counter("LOW").inc(5)
    >>> tally.taken()
    {'cardwatch\ndecisions\nLOW': 5}
    >>> tally.taken()
    {}
    """

    def __init__(self, path: str = "", counts: dict[str, int] | None = None) -> None:
        self._path = path
        self._counts = {} if counts is None else counts

    def counter(self, name: str) -> "TallyCounter":
        """Return the counter of this name in this group."""
        return TallyCounter(self._counts, self._path + name)

    def add_group(self, name: str, extra: str | None = None) -> "Tally":
        """Open a group below this one; with `extra`, that group's group of this name."""
        inner = name if extra is None else name + _BETWEEN_GROUPS + extra
        return Tally(self._path + inner + _BETWEEN_GROUPS, self._counts)

    def taken(self) -> dict[str, int]:
        """Return what was counted, by path, and begin anew."""
        counts = dict(self._counts)
        self._counts.clear()
        return counts


class TallyCounter:
    """A counter of a `Tally`."""

    def __init__(self, counts: dict[str, int], path: str) -> None:
        self._counts = counts
        self._path = path

    def inc(self, n: int = 1) -> None:
        """Add n to the counter."""
        self._counts[self._path] = self._counts.get(self._path, 0) + n


class Worker:
    """An open stage. A state that is another object after a batch has changed."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tally = Tally()
        stage.open(Counters(self._tally))

    def opened(self) -> bytes:
        """Return what the stage counted when it was opened, as the answer to no batch."""
        return pack_answer((), (), self._tally.taken())

    def process(self, frame: bytes) -> bytes:
        """Take in one call's frame and return the answer's."""
        bodies, before = read_call(frame)
        states = {key: state for key, state in before.items() if state is not None}
        outputs = self._stage.process(bodies, states)
        changed = list(self._changed(before, states))
        return pack_answer(outputs, changed, self._tally.taken())

    def _changed(
        self, before: Mapping[str, bytes | None], after: Mapping[str, bytes]
    ) -> Iterator[bytes | None]:
        """Yield the next state of each key, None where it is as before.

        StatesError where the stage dropped a state, or has one for a key that no message has.
        """
        for key, state in before.items():
            found = after.get(key)
            if found is None and state is not None:
                raise StatesError(f"The {self._stage.name} dropped the state of {key!r}: keep it.")
            yield None if found is state else found
        if strange := after.keys() - before.keys():
            raise StatesError(
                f"The {self._stage.name} set the state of {min(strange)!r}, but no message of the "
                "batch has this key: set the states of the batch's keys only."
            )


def open_stage(pickled: bytes) -> Worker:
    """Open the stage that was pickled where the job was submitted."""
    return Worker(cloudpickle.loads(pickled))
