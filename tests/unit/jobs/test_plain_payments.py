"""Both stages give the same bytes for plain payments, which compiled code reads, as for any other.

A batch of one is decoded by the ordinary functions, so a stream in single records is what the same
stream in batches is held to.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from itertools import islice

import pytest

from events.label import Label, encode_label
from events.topics import LABELS, TRANSACTIONS
from features.money.shipped import SHIPPED
from harness.load import Load
from jobs.flink_edge.outputs import Output
from jobs.flink_edge.wire import KafkaRecord
from jobs.stages.card import CardStage
from jobs.stages.merchant import MerchantStage
from scoring.plain.layout import is_plain
from tests.running import MODELS
from tests.unit.jobs.counting import Counted
from udfs.scoring import Scoring

NOW_MS = 1_717_236_000_000
_DECIDED = re.compile(rb'"decided_ms":\d+')


class Stages:
    """Both stages, with what they keep and count."""

    def __init__(self) -> None:
        self.counted = Counted()
        self.cards: dict[str, bytes] = {}
        self.merchants: dict[str, bytes] = {}
        self.plain = 0
        self._card = CardStage(SHIPPED, frozenset({"shop_note"}))
        self._merchant = MerchantStage(Scoring(str(MODELS / "ensemble" / "1")), SHIPPED)
        self._card.open(self.counted.counters)
        self._merchant.open(self.counted.counters)

    def take(self, bodies: list[bytes], size: int) -> list[Output]:
        """Return what becomes of records in batches of a size, without the time of decisions."""
        found: list[Output] = []
        for first in range(0, len(bodies), size):
            handed = self._card.process(bodies[first : first + size], self.cards)
            self.plain += sum(is_plain(one.value) for one in handed)
            found += self._merchant.process([one.value for one in handed], self.merchants)
        return [Output(one.to, one.key, _DECIDED.sub(b"", one.value)) for one in found]


def spelt_otherwise(draw: random.Random, value: bytes, earlier: bytes) -> bytes:
    """Return a payment in one of the ways in which others send theirs, some of them wrong."""
    fields = json.loads(value)
    ways = {
        "unknown": {"shop_note": {"a": [1]}, "till": 7},
        "attributes": {"attributes": {"V1": 0.5}},
        "text": {"city": "Köln", "merchant_category": "tea \u2603"},
        "time": {"timestamp": "2024-06-01T12:00:00.123+02:00"},
        "ahead": {"timestamp": NOW_MS + 10**9},
        "rate": {"currency": "XAF", "amount": 100},
        "zone": {"time_zone": "Asia/Tokyo"},
        "wrong": {"amount": "-1"},
        "old": {"timestamp": NOW_MS - 30 * 86_400_000},
    }
    way = draw.choice([*ways, "repeat", "garbage"])
    if way == "garbage":
        return value[: len(value) // 2]
    return earlier if way == "repeat" else json.dumps(fields | ways[way]).encode()


def stream(records: int) -> list[bytes]:
    """Return payments of few cards and merchants, labels among them, a third of an odd kind."""
    draw = random.Random(5)
    values: list[bytes] = []
    bodies = []
    for place, one in enumerate(islice(Load().take(records), records)):
        fields = json.loads(one.value) | {
            "card_id": f"card-{draw.randrange(6)}",
            "merchant_id": f"shop-{draw.randrange(4)}",
            "timestamp": NOW_MS - 60_000 * (records - place),
        }
        value = json.dumps(fields).encode()
        if values and draw.random() < 0.3:
            value = spelt_otherwise(draw, value, draw.choice(values))
        values.append(value)
        key = re.search(rb"card-\d", value)
        topic, time_ms = TRANSACTIONS.name, NOW_MS if draw.random() < 0.95 else -1
        if place % 7 == 3:
            paid = json.loads(draw.choice(values[:-1]) if values[:-1] else value)
            told = Label(
                paid["transaction_id"],
                paid["card_id"],
                paid["merchant_id"],
                NOW_MS - 60_000 * draw.randrange(records),
                True,
                NOW_MS,
                "chargeback",
            )
            topic, value = LABELS.name, encode_label(told)
        bodies.append(KafkaRecord(topic, 2, place, time_ms, key and key[0], value).pack())
    return bodies


@pytest.mark.parametrize("size", [4, 7, 64, 500])
def test_batches_of_plain_and_other_payments_are_answered_as_each_alone(size: int) -> None:
    bodies = stream(600)
    alone, together = Stages(), Stages()
    wanted, found = alone.take(bodies, 1), together.take(bodies, size)
    assert Counter(found) == Counter(wanted)
    for to in {one.to for one in wanted}:
        for key in {one.key for one in wanted}:
            of_key = [one for one in wanted if (one.to, one.key) == (to, key)]
            assert [one for one in found if (one.to, one.key) == (to, key)] == of_key
    assert (together.cards, together.merchants) == (alone.cards, alone.merchants)
    quiet = ("latency_ms/",)
    assert counted(together, quiet) == counted(alone, quiet)
    assert alone.plain == 0
    assert (together.plain > len(bodies) // 3) == (size > 4)


def counted(stages: Stages, without: tuple[str, ...]) -> dict[str, int]:
    """Return what was counted, without counters of the clock."""
    return {name: n for name, n in stages.counted.counts.items() if not name.startswith(without)}
