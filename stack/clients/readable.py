"""Decode the records of a topic, and go on behind one that cannot be decoded."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec
from confluent_kafka import Message

from events.errors import EventError

E = TypeVar("E")

_log = logging.getLogger(__name__)


class Unreadable:
    """Counts the records of each topic that cannot be read, and tells of the first in a sentence.

    >>> unreadable = Unreadable(print)
    >>> unreadable.count
    0
    """

    def __init__(self, tell: Callable[[str], None] = _log.warning) -> None:
        self.topics: Counter[str] = Counter()
        self._tell = tell

    @property
    def count(self) -> int:
        """Records that could not be read, in all topics together."""
        return self.topics.total()

    def add(self, message: Message, error: Exception) -> None:
        """Count one record; the first of its topic is told with its place and the reason."""
        topic = message.topic() or ""
        self.topics[topic] += 1
        if self.topics[topic] == 1:
            self._tell(
                f"{topic}, partition {message.partition()}, offset {message.offset()}: the record "
                f"cannot be read and is left out, and so is every other that cannot: {error}"
            )


def readable(
    messages: Iterable[Message], decode: Callable[[bytes], E], unreadable: Unreadable | None = None
) -> Iterator[tuple[Message, E]]:
    """Yield each record with the event that it holds; one that holds none is counted and left out.

    Without `unreadable` the first such record is a warning in the log.
    """
    unreadable = Unreadable() if unreadable is None else unreadable
    for message in messages:
        try:
            event = decode(message.value() or b"")
        except (EventError, msgspec.DecodeError) as error:
            unreadable.add(message, error)
        else:
            yield message, event
