"""Partitions that an open transaction keeps from subscribers with read_committed."""

from __future__ import annotations

from events.topics import OUTPUTS
from harness.offsets import end_offsets


def held_back(bootstrap: str) -> dict[str, int]:
    """Return the offset from which each held-back partition is, by its name as topic-number.

    A job at work has transactions open at all times; one that hangs shows in an offset that stays.
    """
    found: dict[str, int] = {}
    for topic in OUTPUTS:
        committed = end_offsets(bootstrap, topic.name, committed=True)
        written = end_offsets(bootstrap, topic.name, committed=False)
        found |= {f"{topic.name}-{n}": at for n, at in committed.items() if at < written[n]}
    return found
