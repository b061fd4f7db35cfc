"""The same as `merchant_state`, with the kernels as Python, which see every index.

Arithmetic that wraps round in compiled code raises here instead; that is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from features.merchant import compaction as merchant_compaction
from features.merchant import transition as merchant
from features.merchant.state import ROW_BYTES
from tests.fuzz.targets import merchant_state
from tests.fuzz.targets.guarded import bounded_by, guarding

_FULL = 16

merchant_state.shrink = 128
bounded_by({"MAX_MERCHANT_ROWS": _FULL, "MAX_LABELS_OF_A_KIND": 2, "MAX_LABELS": _FULL // 2})
merchant._FULL_BYTES = ROW_BYTES * _FULL  # type: ignore[misc,attr-defined,unused-ignore]
merchant._TRANSITION = merchant._TRANSITION._replace(  # type: ignore[misc,unused-ignore]
    kernel=guarding(merchant._TRANSITION.kernel)
)
merchant.merchant_label = guarding(merchant.merchant_label)  # type: ignore[misc,attr-defined,unused-ignore]
merchant_compaction._compact_merchant = guarding(  # type: ignore[misc,attr-defined,unused-ignore]
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
