"""Follow a topic as it grows, early or committed, each event once."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaException, Message

_POLL_S: Final = 0.2
_REMEMBERED: Final = 100_000


def follow(
    bootstrap: str,
    topic: str,
    *,
    early: bool,
    from_beginning: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Message]:
    """Yield records as they arrive, until `stopped` says so.

    `early` reads what is not committed yet: within milliseconds, and once more after a crash of
    the job (see `Unseen`). KafkaException where the broker refuses.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"cardwatch-cli-{uuid.uuid4()}",
            "auto.offset.reset": "earliest" if from_beginning else "latest",
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted" if early else "read_committed",
            "log_level": 0,
        }
    )
    consumer.subscribe([topic])
    try:
        while not stopped():
            message = consumer.poll(_POLL_S)
            if message is None:
                continue
            if message.error() is not None:
                raise KafkaException(message.error())
            yield message
    finally:
        consumer.close()


class Unseen:
    """Recognise an event that was read before by its id, over the last 100,000 of them."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def __call__(self, event_id: str) -> bool:
        """Tell whether this id is new, and remember it."""
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True
