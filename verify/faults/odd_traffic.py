"""Payments as no test of one's own makes them: garbage, repeats, and everything in one place.

In each of these a TaskManager is killed too, so that odd payments are also replayed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

import msgspec

from events.label import Label, encode_label, parse_label
from events.transaction import Transaction, encode_transaction, parse_transaction
from producer.stream.records import Record
from verify.faults.fault import Fault, Kind
from verify.faults.processes import DOUBLES, kill_taskmanager
from verify.faults.scene import Scene
from verify.faults.traffic import Alter, Traffic

_POISON_SHARE = 0.01
_REPEAT_SHARE = 0.05
_REPEAT_WITHIN = 20
_REPLAYED_BATCH = 50
_REPLAY_EVERY = 1_000
_HOT_CARD_SHARE = 0.5
_HOT_MERCHANT_SHARE = 0.3
_BUSY_CARDS = 3
_BURST = 10.0
_BURST_S = 3.0

Garbage = Callable[[bytes, bytes], tuple[bytes, bytes]]
_GARBAGE: tuple[Garbage, ...] = (
    lambda key, _: (key, b""),
    lambda key, _: (key, b"pay me"),
    lambda key, value: (key, value[: len(value) // 2]),
    lambda key, _: (key, b'{"transaction_id": "\xff\xfe"}'),
    lambda key, value: (key, value.replace(b'"amount":', b'"amount":-')),
    lambda _, value: (b"another", value),
    lambda key, _: (key, b" " * 100_000),
)


def poisoned(records: Iterable[Record], chance: random.Random) -> Iterator[Record]:
    """Put garbage of each kind behind one payment in a hundred."""
    for record in records:
        yield record
        if not record.is_label and chance.random() < _POISON_SHARE:
            key, value = chance.choice(_GARBAGE)(record.key, record.value)
            yield record._replace(key=key, value=value)


def repeated(records: Iterable[Record], chance: random.Random) -> Iterator[Record]:
    """Send one payment in twenty again soon after, and whole batches now and then."""
    again: list[tuple[int, Record]] = []
    batch: list[Record] = []
    for number, record in enumerate(records):
        yield record
        batch = [*batch[1 - _REPLAYED_BATCH :], record]
        due = [each for at, each in again if at <= number]
        again = [(at, each) for at, each in again if at > number]
        yield from due
        if record.is_label:
            continue
        if chance.random() < _REPEAT_SHARE:
            again.append((number + chance.randrange(1, _REPEAT_WITHIN), record))
        if number % _REPLAY_EVERY == _REPLAY_EVERY - 1:
            yield from (each for each in batch if not each.is_label)


def hot_card(records: Iterable[Record], chance: random.Random) -> Iterator[Record]:
    """Give half of the payments to one card, which is then in one partition and one subtask."""
    return _moved(records, chance, _HOT_CARD_SHARE, "card_id")


def hot_merchant(records: Iterable[Record], chance: random.Random) -> Iterator[Record]:
    """Give three payments in ten, with their labels, to one merchant."""
    return _moved(records, chance, _HOT_MERCHANT_SHARE, "merchant_id")


def few_cards(records: Iterable[Record], _chance: random.Random) -> Iterator[Record]:
    """Give all payments to three cards, so that three of the six partitions at least are idle."""
    names: list[str] = []
    chosen: dict[str, str] = {}
    for record in records:
        name = record.key.decode()
        if name not in chosen:
            names = names if len(names) == _BUSY_CARDS else [*names, name]
            chosen[name] = names[len(chosen) % len(names)]
        yield _with(record, card_id=chosen[name])


def burst(scene: Scene) -> None:
    """Send ten times as fast for 3 s, and kill a TaskManager at the end of it."""
    scene.flow.burst(_BURST, _BURST_S)
    kill_taskmanager(scene)


def _moved(
    records: Iterable[Record], chance: random.Random, share: float, field: str
) -> Iterator[Record]:
    """Change a field of a share of the payments and of their labels to the value of the first."""
    hot: str | None = None
    moved: set[str] = set()
    for record in records:
        event = _parsed(record)
        hot = hot or str(getattr(event, field))
        if not record.is_label and chance.random() < share:
            moved.add(event.transaction_id)
        yield _with(record, **{field: hot}) if event.transaction_id in moved else record


def _parsed(record: Record) -> Transaction | Label:
    if record.is_label:
        return parse_label(record.value, record.key)
    return parse_transaction(record.value, record.key, record.time_ms)


def _with(record: Record, **fields: str) -> Record:
    event = msgspec.structs.replace(_parsed(record), **fields)
    key = event.card_id.encode()
    if isinstance(event, Transaction):
        return record._replace(key=key, value=encode_transaction(event))
    return record._replace(key=key, value=encode_label(event))


def _odd(name: str, about: str, alter: Alter) -> Fault:
    return Fault(
        name,
        f"{about}, and a TaskManager is killed.",
        Kind.TRAFFIC,
        kill_taskmanager,
        traffic=Traffic(alter=alter),
        control=DOUBLES,
    )


FAULTS = (
    _odd("poison", "1 % of the records are garbage of seven kinds", poisoned),
    _odd(
        "repeats",
        "5 % of the payments come again, and every thousand records the last fifty",
        repeated,
    ),
    _odd("hot-card", "One card makes 50 % of the payments", hot_card),
    _odd("hot-merchant", "One merchant gets 30 % of the payments", hot_merchant),
    _odd("idle-partition", "All payments are of three cards: most partitions are idle", few_cards),
    Fault(
        "burst",
        "Ten times the rate for 3 s, and a TaskManager is killed at its end.",
        Kind.TRAFFIC,
        burst,
        traffic=Traffic(payments=12_000),
        control=DOUBLES,
    ),
)
