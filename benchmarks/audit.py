"""Hold the transactions topic against the decisions topic: which payment has no decision?

Kafka aborts a transaction that outlasts its time-out, also one that the job was about to commit;
its decisions are lost then, and only their absence tells (docs/faults.md).
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.open_transactions import held_back
from benchmarks.reading import read_decided, read_payments


@dataclass(frozen=True)
class Audit:
    """Ids of payments without a committed decision and with more than one, of `payments`.

    `held_back` has the offset at which each partition (topic-number) let no subscriber with
    read_committed pass while the audit waited: a transaction is open there, or hangs.
    """

    payments: int
    lost: list[str]
    doubled: list[str]
    held_back: dict[str, int] = field(default_factory=dict)


def audit(bootstrap: str, patience_s: float) -> Audit:
    """Read the payments, give the job so long to decide the last of them, read the decisions.

    Both topics are read from their beginning and their ids held in memory.
    """
    payments = read_payments(bootstrap)
    before = held_back(bootstrap)
    time.sleep(patience_s)
    after = held_back(bootstrap)
    decided = Counter(read_decided(bootstrap))
    return Audit(
        payments=len(payments),
        lost=[each.transaction_id for each in payments if each.transaction_id not in decided],
        doubled=[name for name, count in decided.items() if count > 1],
        held_back={place: at for place, at in after.items() if before.get(place) == at},
    )
