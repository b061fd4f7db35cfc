"""The topics, as data: who creates them reads it here, and so does who documents them."""

from dataclasses import dataclass
from typing import Final, Literal

DAY_MS: Final = 24 * 60 * 60 * 1000
MIB: Final = 1024 * 1024

PARTITIONS: Final = 6
"""Divided evenly by 1, 2, 3 and 6 readers, so these parallelisms get equal shares; more would
cost the embedded broker a batch for each partition. It is fixed for a topic's life: another
number sends a card to another partition and breaks the order of its payments."""

REBUILD_MS: Final = 40 * DAY_MS
"""The longest window (30 d), the label delay (7 d) and slack: the job's state can be rebuilt, and
a replay checked, from the topics alone."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. Sizes in bytes, times in milliseconds; `why` gives the reasons."""

    name: str
    partitions: int
    retention_ms: int
    cleanup_policy: Literal["delete", "compact"]
    max_message_bytes: int
    why: str


TRANSACTIONS: Final = Topic(
    "transactions",
    PARTITIONS,
    REBUILD_MS,
    "delete",
    MIB,
    "Keyed by card. Wider than the 64 KiB of a payment, so that an oversized one arrives and "
    "becomes a dead letter instead of blocking its producer.",
)
LABELS: Final = Topic(
    "labels", PARTITIONS, REBUILD_MS, "delete", MIB, "Keyed by card, partitioned like payments."
)
DECISIONS: Final = Topic(
    "decisions",
    PARTITIONS,
    REBUILD_MS,
    "delete",
    MIB,
    "Keyed by card. Holds the payment (64 KiB at most) and its features.",
)
ALERTS: Final = Topic(
    "alerts", PARTITIONS, 90 * DAY_MS, "delete", MIB, "Kept while a dispute may be open."
)
DEAD_LETTERS: Final = Topic(
    "dead-letters",
    PARTITIONS,
    30 * DAY_MS,
    "delete",
    4 * MIB,
    "Base64 makes 1.4 MiB of the largest record that an input topic takes; of a longer one in "
    "somebody else's topic the beginning is kept.",
)
LABEL_RECEIPTS: Final = Topic(
    "label-receipts", PARTITIONS, REBUILD_MS, "delete", MIB, "Lives as long as the decisions."
)

INPUTS: Final = (TRANSACTIONS, LABELS)
"""What the job reads, by one source."""

OUTPUTS: Final = (DECISIONS, ALERTS, DEAD_LETTERS, LABEL_RECEIPTS)
"""What the job writes, all of it in one transaction for each checkpoint."""

TOPICS: Final = (*INPUTS, *OUTPUTS)
