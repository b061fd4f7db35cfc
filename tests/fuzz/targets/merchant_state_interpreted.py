"""The same as `merchant_state`, with the kernels as Python: every index is seen, and guides the fuzzer.

Arithmetic that wraps round in compiled code raises here instead; that is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from features import merchant, merchant_compaction
from tests.fuzz.targets import merchant_state
from tests.fuzz.targets.guarded import guarding

merchant.merchant_payment = guarding(merchant.merchant_payment)  # type: ignore[misc]
merchant.merchant_label = guarding(merchant.merchant_label)  # type: ignore[misc]
merchant_compaction._compact_merchant = guarding(  # type: ignore[misc]
    merchant_compaction._compact_merchant
)


def run(data: bytes) -> None:
    """Run the target with indices checked."""
    with np.errstate(all="ignore"):
        try:
            merchant_state.run(data)
        except (OverflowError, ZeroDivisionError):
            return


def seeds() -> Iterable[bytes]:
    """Start where the compiled target starts."""
    return merchant_state.seeds()
