"""The same as `card_state`, with the kernel as Python: every index is seen, and guides the fuzzer.

Arithmetic that wraps round in compiled code raises here instead; that is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from features import card, card_compaction
from tests.fuzz.targets import card_state
from tests.fuzz.targets.guarded import guarding

card.card_kernel = guarding(card.card_kernel)  # type: ignore[misc]
card_compaction._compact_card = guarding(card_compaction._compact_card)  # type: ignore[misc]


def run(data: bytes) -> None:
    """Run the target with indices checked."""
    with np.errstate(all="ignore"):
        try:
            card_state.run(data)
        except (OverflowError, ZeroDivisionError):
            return


def seeds() -> Iterable[bytes]:
    """Start where the compiled target starts."""
    return card_state.seeds()
