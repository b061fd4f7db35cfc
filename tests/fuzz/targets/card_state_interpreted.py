"""The same as `card_state`, with the kernel as Python, which sees every index.

Arithmetic that wraps round in compiled code raises here instead; that is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from features.card import compaction as card_compaction
from features.card import transition as card
from tests.fuzz.targets import card_state
from tests.fuzz.targets.guarded import bounded_by, guarding

_FULL = 16

card_state.shrink = 128
bounded_by({"MAX_CARD_EVENTS": _FULL, "_KEPT_EVENTS": _FULL // 2, "MAX_LOOSE_IDS": _FULL})
card._TRANSITION = card._TRANSITION._replace(  # type: ignore[misc,unused-ignore]
    kernel=guarding(card._TRANSITION.kernel)
)
card_compaction.compact_card = guarding(card_compaction.compact_card)  # type: ignore[misc,attr-defined,unused-ignore]


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
