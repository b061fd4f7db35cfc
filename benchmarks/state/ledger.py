"""Ledger of decided payments, their count and time: an array each, for tens of millions."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt
from confluent_kafka import Consumer, KafkaException, TopicPartition

from benchmarks.state.traffic import number_of
from events.levels import LOW
from events.topics import DECISIONS
from harness.errors import BenchmarkError
from harness.offsets import consumer_settings
from stack.clients.readable import Unreadable, readable

_BATCH = 2_000
_STALLED_S = 60.0


class _Decided(msgspec.Struct, frozen=True, gc=False):
    transaction_id: str
    decided_ms: int
    risk_level: str


_decode = msgspec.json.Decoder(_Decided).decode


class Ledger:
    """The committed decisions of a run, read once and in order; ten bytes for each payment.

    `from_offsets` is where the decisions topic was when the run began, partition to offset.
    """

    def __init__(self, bootstrap: str, payments: int, from_offsets: Mapping[int, int]) -> None:
        self.decided_ms: npt.NDArray[np.int64] = np.zeros(payments, np.int64)
        self._times: npt.NDArray[np.uint8] = np.zeros(payments, np.uint8)
        self._distinct = 0
        self._unreadable = Unreadable()
        self.alerts: npt.NDArray[np.bool_] = np.zeros(payments, np.bool_)
        self._consumer = Consumer(consumer_settings(bootstrap, committed=True))
        places = [TopicPartition(DECISIONS.name, *place) for place in from_offsets.items()]
        self._consumer.assign(places)

    def close(self) -> None:
        """Give the connection back."""
        self._consumer.close()

    @property
    def lost(self) -> int:
        """Number of payments without a decision."""
        return int(np.count_nonzero(self._times == 0))

    @property
    def doubled(self) -> int:
        """Number of payments with more than one decision."""
        return int(np.count_nonzero(self._times > 1))

    def read_until(self, payments: int) -> None:
        """Read until so many payments are decided.

        BenchmarkError where no decision comes for a minute.
        """
        heard_s = time.monotonic()
        while self._distinct < payments:
            if self._take(0.2):
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > _STALLED_S:
                raise BenchmarkError(
                    f"Of {payments:,} payments {self._distinct:,} have a committed decision, and "
                    "none has come for a minute; look at the job in the Flink web UI."
                )

    def read_for(self, seconds: float) -> None:
        """Read what still comes: what is committed twice comes late."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._take(0.2)

    def _take(self, timeout_s: float) -> int:
        messages = self._consumer.consume(_BATCH, timeout_s)
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
        for _, decided in readable(messages, _decode, self._unreadable):
            self._note(decided)
        return len(messages)

    def _note(self, decided: _Decided) -> None:
        number = number_of(decided.transaction_id)
        if self._times[number] == 0:
            self._distinct += 1
            self.decided_ms[number] = decided.decided_ms
            self.alerts[number] = decided.risk_level != LOW
        self._times[number] = min(255, int(self._times[number]) + 1)
