"""Hold the transactions topic against what the job wrote: what became of every payment?

Kafka aborts a transaction that outlasts its time-out, also one that the job was about to commit;
its decisions are lost then, and only their absence tells (docs/faults.md).
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace

from events.dead_letter import DeadLetter, decode_dead_letter
from events.decision import Decision, decode_decision
from events.errors import EventError
from events.topics import DEAD_LETTERS, DECISIONS, TRANSACTIONS
from events.transaction import Transaction, parse_transaction
from harness.open_transactions import held_back
from stack.clients.readable import Unreadable, readable
from stack.clients.reading import each_record
from stack.submission.unread import Gap

Place = tuple[int, int]
"""Partition and offset of a record in the transactions topic."""


@dataclass(frozen=True)
class Audit:
    """Account of the records of the transactions topic.

    `payments` counts different payments: a record with the id and the content of an earlier one is
    one of `repeats`. `refused` counts records that are no payment, or whose dead letter is there.
    `decided` and `lost`, which has the ids, divide the rest: payments + repeats + refused is the
    number of records.

    `doubled` has the ids of payments decided more than once. `reused` has ids that several
    different payments carry. `unread_deleted` has what the broker deleted before the job read it.
    `unreadable` counts records of the job's own topics that could not be read, by topic.
    `held_back` has the offset at which each partition (topic-number) let no subscriber with
    read_committed pass while the audit waited: a transaction is open there, or hangs.
    """

    payments: int
    lost: list[str]
    doubled: list[str]
    held_back: dict[str, int] = field(default_factory=dict)
    records: int = 0
    repeats: int = 0
    refused: int = 0
    reused: list[str] = field(default_factory=list)
    unreadable: dict[str, int] = field(default_factory=dict)
    unread_deleted: list[Gap] = field(default_factory=list)

    @property
    def decided(self) -> int:
        """Different payments that have a committed decision."""
        return self.payments - len(self.lost)


class Ledger:
    """Payments on one side, decisions and dead letters on the other.

    Held in memory: an id, a digest and a place for each payment, and an id and a count for each
    decision, some 500 bytes together.
    """

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, Place]] = {}
        self._others: dict[str, dict[int, Place]] = {}
        self._decided: Counter[str] = Counter()
        self._decided_of_others: Counter[tuple[str, int]] = Counter()
        self._letters: set[Place] = set()
        self._records = self._repeats = self._garbage = 0

    def record(self, place: Place, payment: Transaction | None) -> None:
        """Enter one record of the transactions topic; None is one that is no payment."""
        self._records += 1
        if payment is None:
            self._garbage += 1
            return
        digest = _digest(payment)
        known = self._first.setdefault(payment.transaction_id, (digest, place))
        if known[1] == place:
            return
        if known[0] == digest or digest in self._others.get(payment.transaction_id, {}):
            self._repeats += 1
        else:
            self._others.setdefault(payment.transaction_id, {})[digest] = place

    def decision(self, decision: Decision) -> None:
        """Enter one committed decision; every record has to be in before."""
        if decision.transaction_id in self._others:
            self._decided_of_others[decision.transaction_id, _digest(decision)] += 1
        else:
            self._decided[decision.transaction_id] += 1

    def letter(self, letter: DeadLetter) -> None:
        """Enter one dead letter."""
        if letter.topic == TRANSACTIONS.name:
            self._letters.add((letter.partition, letter.offset))

    def audit(self) -> Audit:
        """Return what became of every record."""
        lost: list[str] = []
        doubled: list[str] = []
        refused = self._garbage
        payments = 0
        for name, (digest, place) in self._first.items():
            contents = {digest: place, **self._others.get(name, {})}
            for content, at in contents.items():
                count = self._count(name, content)
                if not count and at in self._letters:
                    refused += 1
                    continue
                payments += 1
                lost += [name] * (not count)
                doubled += [name] * (count > 1)
        return Audit(
            payments=payments,
            lost=lost,
            doubled=doubled,
            records=self._records,
            repeats=self._repeats,
            refused=refused,
            reused=list(self._others),
        )

    def _count(self, name: str, digest: int) -> int:
        """Return how often a payment was decided; its content matters where an id has several."""
        if name in self._others:
            return self._decided_of_others[name, digest]
        return self._decided[name]


def audit(bootstrap: str, patience_s: float, unreadable: Unreadable | None = None) -> Audit:
    """Read the payments, give the job so long to decide the last of them, read what it wrote.

    Every topic is read from its beginning. A record that cannot be read is counted and left out.
    """
    unreadable = Unreadable() if unreadable is None else unreadable
    ledger = Ledger()
    for message in each_record(bootstrap, TRANSACTIONS.name):
        place = message.partition() or 0, message.offset() or 0
        try:
            payment = parse_transaction(message.value(), message.key(), message.timestamp()[1])
        except EventError:
            ledger.record(place, None)
        else:
            ledger.record(place, payment)
    before = held_back(bootstrap)
    time.sleep(patience_s)
    after = held_back(bootstrap)
    for _, decision in readable(
        each_record(bootstrap, DECISIONS.name), decode_decision, unreadable
    ):
        ledger.decision(decision)
    for _, letter in readable(
        each_record(bootstrap, DEAD_LETTERS.name), decode_dead_letter, unreadable
    ):
        ledger.letter(letter)
    found = ledger.audit()
    return replace(
        found,
        held_back={place: at for place, at in after.items() if before.get(place) == at},
        unreadable=dict(unreadable.topics),
    )


def _digest(payment: Transaction | Decision) -> int:
    """Return a number that two payments share only where they are the same payment."""
    return hash(
        (
            payment.card_id,
            payment.merchant_id,
            payment.timestamp_ms,
            payment.amount_minor,
            payment.currency,
        )
    )
