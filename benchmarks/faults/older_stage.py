"""The merchant stage as an older release ran it: its state is of version 1.

Only what is stored differs: version 1 had 32 bits for a time where version 2 has 36, so nothing is
lost below 49 days, which is longer than the suite's worlds. A savepoint of it is what an upgrade to
this release starts from.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np

from features.merchant_state import (
    FRAUD_WORDS,
    HEAD_FRAUDS,
    HEAD_VERSION,
    HEAD_WORDS,
    ROW_TIME_AND_COUNT,
    ROW_WORDS,
    TIME_BITS,
    TIME_MASK,
)
from jobs.merchant_stage import MerchantStage

_TIME_BITS: Final = 32


class _State(Protocol):
    """Keyed state of Flink's."""

    def value(self) -> bytes | None:
        """Return what is stored."""

    def update(self, value: bytes) -> None:
        """Store something else."""


class OlderMerchantStage(MerchantStage):
    """Decides as the stage of this release, and stores merchants in version 1."""

    def open(self, runtime_context: Any) -> None:
        """Take hold of the state, and stand before it."""
        super().open(runtime_context)
        self._state = _InVersion1(self._state)


class _InVersion1:
    """A state that is read as it is and written in version 1."""

    def __init__(self, state: _State) -> None:
        self._state = state
        self.value = state.value

    def update(self, state: bytes) -> None:
        """Store a state of version 2 as one of version 1."""
        self._state.update(as_version_1(state))


def as_version_1(state: bytes) -> bytes:
    """Return a merchant's state of version 2 as version 1 held it.

    ValueError where a payment lies more than 49 days behind the oldest one.
    """
    words = np.frombuffer(state, "<i8").copy()
    words[HEAD_VERSION] = 1
    at_rows = HEAD_WORDS + FRAUD_WORDS * int(words[HEAD_FRAUDS])
    packed = words[at_rows + ROW_TIME_AND_COUNT :: ROW_WORDS]
    time, count = packed & TIME_MASK, packed >> TIME_BITS
    if (time >> _TIME_BITS).any():
        raise ValueError(f"version 1 holds {2**_TIME_BITS:,} ms, and {time.max():,} are needed")
    packed[:] = time | count << _TIME_BITS
    return words.tobytes()
