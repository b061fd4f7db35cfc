"""One record that cannot be read stops no reader; it is counted, and the first is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from confluent_kafka import Message

from events.alert import decode_alert, encode_alert
from events.dead_letter import decode_dead_letter, encode_dead_letter
from events.decision import decode_decision, encode_decision
from events.receipt import decode_receipt, encode_receipt
from stack.clients.readable import Unreadable, readable
from tests.unit.events.samples import alert, decision, receipt
from tests.unit.events.test_dead_letter import refused

KINDS = {
    "decisions": (decode_decision, encode_decision(decision())),
    "alerts": (decode_alert, encode_alert(alert())),
    "label-receipts": (decode_receipt, encode_receipt(receipt())),
    "dead-letters": (decode_dead_letter, encode_dead_letter(refused(b"c1", b"pay me"))),
}
GARBAGE = (None, b"", b"\xff", b"no json", b"[]", b"{}", b'{"a":' * 40 + b"1" + b"}" * 40)


@dataclass(frozen=True)
class Record:
    """What a reader asks of Kafka's own message, which only a broker makes."""

    place: int
    body: bytes | None
    name: str

    def value(self) -> bytes | None:
        return self.body

    def topic(self) -> str:
        return self.name

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return self.place


def records(topic: str, values: Iterable[bytes | None]) -> list[Message]:
    return cast("list[Message]", [Record(place, each, topic) for place, each in enumerate(values)])


@pytest.mark.parametrize("topic", KINDS)
def test_a_reader_goes_on_behind_garbage(topic: str) -> None:
    """Of every topic that the job writes, and of whatever lies in it."""
    decode: Callable[[bytes], Any]
    decode, good = KINDS[topic]
    told: list[str] = []
    unreadable = Unreadable(told.append)
    found = list(readable(records(topic, [good, *GARBAGE, good]), decode, unreadable))
    assert [message.offset() for message, _ in found] == [0, len(GARBAGE) + 1]
    assert unreadable.topics == {topic: len(GARBAGE)}
    assert unreadable.count == len(GARBAGE)
    assert len(told) == 1, "once, not for each"
    assert told[0].startswith(f"{topic}, partition 3, offset 1: ")
    assert "expected a JSON object" in told[0]


def test_the_first_of_each_topic_is_told() -> None:
    told: list[str] = []
    unreadable = Unreadable(told.append)
    for topic in KINDS:
        list(readable(records(topic, [b"{}", b"{}"]), decode_alert, unreadable))
    assert [sentence.partition(",")[0] for sentence in told] == list(KINDS)


def test_without_a_listener_it_is_a_warning_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert list(readable(records("alerts", [b"{}"]), decode_alert)) == []
    assert "alerts, partition 3, offset 0" in caplog.text
