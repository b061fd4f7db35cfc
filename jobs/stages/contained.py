"""Keep the failure of one message from the others of its batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from events.card_data.masking import masked_line
from events.errors import EventError, one_line, refuse
from features.state import StateError

Out = TypeVar("Out")
States = dict[str, bytes]

_LONGEST: Final = 200
_log = logging.getLogger(__name__)


def contained(
    take: Callable[[Sequence[bytes], States], Sequence[Out]],
    bodies: Sequence[bytes],
    states: States,
    failed: Callable[[bytes, EventError], Sequence[Out]],
) -> Sequence[Out]:
    """Return what `take` makes of a batch; where it raises, what it makes of each message alone.

    A message at which it raises then too becomes what `failed` makes of it, and its states stay as
    they were. `take` counts and changes nothing else before it has succeeded. A StateError is
    raised: a damaged state is no message's fault, and whatever came after it would be wrong.
    """
    before = dict(states)
    try:
        return take(bodies, states)
    except StateError:
        raise
    except Exception:
        _restore(states, before)
    outputs: list[Out] = []
    for body in bodies:
        before = dict(states)
        try:
            outputs += take([body], states)
        except StateError:
            raise
        except Exception as error:
            _log.exception("A message could not be taken in; it becomes a dead letter.")
            _restore(states, before)
            outputs += failed(body, _refusal(error))
    return outputs


def _restore(states: States, before: States) -> None:
    states.clear()
    states.update(before)


def _refusal(error: Exception) -> EventError:
    """Return the refusal of a message at which our own code failed."""
    got = masked_line(one_line(f"{type(error).__name__}: {error}", _LONGEST))
    step = "report it with the log of the TaskManager; others of its batch were decided"
    return refuse("internal_error", "the job", "an answer to this record", got, step)
