"""Real traffic for tests: a world's payments with their labels, through the real producer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from producer.sending.feed import Feed
from producer.sending.kafka import KafkaSettings, Sender
from producer.sending.pacing import Pace
from producer.sending.run import RunSettings, to_kafka
from producer.stream.labels import DAY_MS, LabelSettings
from producer.stream.records import Records
from producer.stream.selection import Selection
from producer.world.generate import generate
from producer.world.settings import WorldSettings

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
FIRST_DAY_MS = int(FIRST_DAY.timestamp() * 1000)


def simulation(days: int, *, cards: int = 120, seed: int = 5) -> WorldSettings:
    """Return a small world: two payments a day for each card, on average."""
    return WorldSettings(
        users=cards,
        merchants=2 * cards,
        payments=2 * cards * days,
        days=days,
        start=FIRST_DAY,
        seed=seed,
    )


def send_days(bootstrap: str, settings: WorldSettings, first: int, end: int) -> int:
    """Send the payments of days first to end - 1 and the labels due in them; return how many."""
    selection = Selection(FIRST_DAY_MS + first * DAY_MS, FIRST_DAY_MS + end * DAY_MS)
    summary = to_kafka(
        generate(settings),
        RunSettings(selection=selection, labels=LabelSettings()),
        KafkaSettings(bootstrap=bootstrap),
    )
    return summary.payments


@contextmanager
def flowing(bootstrap: str, settings: WorldSettings, per_s: float) -> Iterator[Feed]:
    """Let payments flow in a thread of their own; at the end wait until all were sent."""
    feed = Feed(Pace(per_s=per_s), flush_every_s=1.0)
    records = Records(generate(settings), Selection(), LabelSettings())
    sender = Sender(KafkaSettings(bootstrap=bootstrap))
    thread = threading.Thread(target=feed.run, args=(records, sender), name="traffic")
    thread.start()
    try:
        yield feed
    finally:
        thread.join()
        sender.close()
