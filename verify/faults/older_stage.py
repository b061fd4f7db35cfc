"""The merchant stage as an older release ran it: its state is of version 1.

Only what is stored differs. Version 1 had 32 bits for a time, so nothing is lost below 49 days,
which is longer than the suite's worlds. It had frauds beside the payments and no payment's id: a
label finds its payment by its moment, and of genuine payments no label is remembered. A savepoint
of it is what an upgrade to this release starts from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from features.kernels.compiled import interpreted
from features.merchant.state import (
    FRAUD,
    HEAD_BASE_MS,
    HEAD_LABELS,
    HEAD_SEQUENCE,
    HEAD_WORDS,
    KIND_FRAUD,
    LABEL_WORDS,
    ROW_TIME_AND_COUNT,
    ROW_WORDS,
    TIME_BITS,
    TIME_MASK,
    WHO_BITS,
    delay_in,
    verdict_in,
    who_in,
)
from features.money.rates import Rates
from features.money.units import unit_of
from features.state import HEAD_BYTES
from jobs.flink_edge.outputs import Output
from jobs.stages.merchant import MerchantStage
from udfs.scoring import Scoring

_TIME_BITS: Final = 32
_HUNDREDTHS: Final = 100
"""Version 1 had its sums in hundredths."""

_NO_ID: Final = -1

_verdict_in = interpreted(verdict_in)
_delay_in = interpreted(delay_in)
_who_in = interpreted(who_in)


class OlderMerchantStage(MerchantStage):
    """Decides as the stage of this release, and stores merchants in version 1, as one value."""

    def __init__(self, scoring: Scoring, rates: Rates) -> None:
        super().__init__(scoring, rates)
        self.parts = None

    def process(self, bodies: Sequence[bytes], states: dict[str, bytes]) -> Sequence[Output]:
        """Take in a batch, and store what has changed in the older version."""
        return stored_as(as_version_1, super().process, bodies, states)


def stored_as(
    as_older: Callable[[bytes], bytes],
    process: Callable[[Sequence[bytes], dict[str, bytes]], Sequence[Output]],
    bodies: Sequence[bytes],
    states: dict[str, bytes],
) -> Sequence[Output]:
    """Return what a stage makes of a batch, with the states that it changed in an older version."""
    before = dict(states)
    outputs = process(bodies, states)
    for key, state in states.items():
        if state is not before.get(key):
            states[key] = as_older(state)
    return outputs


def as_version_1(state: bytes) -> bytes:
    """Return a merchant's state of this release as version 1 held it.

    ValueError where a payment lies more than 49 days behind the oldest one.
    """
    scale = unit_of(state[1:HEAD_BYTES].decode()).per_major // _HUNDREDTHS
    words = np.frombuffer(state, "<i8").tolist()
    at_rows = HEAD_WORDS + LABEL_WORDS * words[HEAD_LABELS]
    base, skipped = _oldest(words, at_rows)
    rows, frauds = [], []
    for at in range(HEAD_WORDS, at_rows, LABEL_WORDS):
        time_ms, given_ms, who_and_kind = words[at : at + LABEL_WORDS]
        if who_and_kind >> WHO_BITS == KIND_FRAUD:  # it waits for its payment
            frauds.append((time_ms, given_ms, _NO_ID, 1))
    for at in range(at_rows, len(words), ROW_WORDS):
        total, packed, told = words[at : at + ROW_WORDS]
        time, count = _checked((packed & TIME_MASK) - skipped), packed >> TIME_BITS
        rows.append((total // scale, time | count << _TIME_BITS))
        if _verdict_in(told) == FRAUD:
            given_ms = base + time + _delay_in(told)
            frauds.append((base + time, given_ms, _NO_ID, _who_in(told) if count > 1 else 1))
    head = [1, base, words[HEAD_SEQUENCE], len(rows), len(frauds)]
    return b"".join(np.array(part, "<i8").tobytes() for part in (head, sorted(frauds), rows))


def _oldest(words: Sequence[int], at_rows: int) -> tuple[int, int]:
    """Return the time of the oldest row, which was the base, and how far it is from the base."""
    if at_rows == len(words):
        return words[HEAD_BASE_MS], 0
    skipped = words[at_rows + ROW_TIME_AND_COUNT] & TIME_MASK
    return words[HEAD_BASE_MS] + skipped, skipped


def _checked(time: int) -> int:
    """Return a time after the base; ValueError where version 1 cannot hold it."""
    if time >> _TIME_BITS:
        raise ValueError(f"version 1 holds {2**_TIME_BITS:,} ms, and {time:,} are needed")
    return time
