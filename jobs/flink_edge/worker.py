"""The Python end of a stage: what the Java edge calls, once to open it and once for each batch."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

import cloudpickle

from features.parts import Page
from jobs.flink_edge.wire import (
    Call,
    ChangedPage,
    Stage,
    pack_answer,
    pack_request,
    read_call,
    read_pages,
)
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
        self._asked: tuple[Call, dict[str, bytes], Sequence[Page]] | None = None
        stage.open(Counters(self._tally))

    def opened(self) -> bytes:
        """Return what the stage counted when it was opened, as the answer to no batch."""
        return pack_answer((), (), self._tally.taken())

    def process(self, frame: bytes) -> bytes:
        """Take in one call's frame; return the answer's, or a request for pages of states."""
        call = read_call(frame)
        values = {key: value for key, value in call.values.items() if value is not None}
        parts = self._stage.parts
        if parts is not None and (wanted := parts.wanted(values)):
            self._asked = call, values, wanted
            return pack_request(call.values, wanted)
        return self._answer(call, values, {})

    def resume(self, frame: bytes) -> bytes:
        """Take in the pages that were asked for, and return the answer's frame."""
        assert self._asked is not None, "pages come for a call that has asked for them"
        (call, values, wanted), self._asked = self._asked, None
        return self._answer(call, values, read_pages(frame, wanted))

    def _answer(self, call: Call, values: dict[str, bytes], pages: Mapping[Page, bytes]) -> bytes:
        parts = self._stage.parts
        before = values if parts is None else parts.join(values, pages)
        after = dict(before)
        outputs = self._stage.process(call.bodies, after)
        self._check(call, before, after)
        if parts is None:
            now = ((after.get(key), old) for key, old in call.values.items())
            changed = [None if state is old else state for state, old in now]
            return pack_answer(outputs, changed, self._tally.taken())
        changes = parts.split(before, after)
        written = [*map(changes.values.get, call.values)]
        return pack_answer(outputs, written, self._tally.taken(), _placed(call, changes.pages))

    def _check(self, call: Call, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
        """Raise StatesError where the stage dropped a state, or has one for a key of no message."""
        if not before.keys() <= after.keys():
            dropped = min(before.keys() - after.keys())
            raise StatesError(f"The {self._stage.name} dropped the state of {dropped!r}: keep it.")
        if not after.keys() <= call.values.keys():
            strange = min(after.keys() - call.values.keys())
            raise StatesError(
                f"The {self._stage.name} set the state of {strange!r}, but no message of the "
                "batch has this key: set the states of the batch's keys only."
            )


def _placed(call: Call, pages: Mapping[Page, bytes | None]) -> list[ChangedPage]:
    """Return changed pages with the place of their key in the call, those of a key together."""
    if not pages:
        return []
    places = {key: place for place, key in enumerate(call.values)}
    return sorted(
        (ChangedPage(places[key], number, content) for (key, number), content in pages.items()),
        key=attrgetter("key"),
    )


def open_stage(pickled: bytes) -> Worker:
    """Open the stage that was pickled where the job was submitted."""
    return Worker(cloudpickle.loads(pickled))
