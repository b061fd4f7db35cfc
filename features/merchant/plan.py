"""Slots of the merchant kernel, and the ages of payments that it stops at."""

from typing import Final

from features.catalogue import MERCHANT_AGGREGATES
from features.kernels.plan import plan_of
from features.windows import DELAYED_WINDOWS_MS, LABEL_DELAY_MS, MERCHANT_WINDOWS_MS

_DELAYED_EDGES_MS: Final = tuple(LABEL_DELAY_MS + window for window in DELAYED_WINDOWS_MS)

EDGES_MS: Final = tuple(sorted({*MERCHANT_WINDOWS_MS, LABEL_DELAY_MS, *_DELAYED_EDGES_MS}))
"""Ages at which running totals are noted, youngest first: a delayed window is two of them."""

MERCHANT_PLAN: Final = plan_of(
    "MerchantPlan",
    __name__,
    MERCHANT_AGGREGATES,
    window_edge=tuple(EDGES_MS.index(w) for w in MERCHANT_WINDOWS_MS),
    delayed_edge=tuple(EDGES_MS.index(w) for w in _DELAYED_EDGES_MS),
    delay_edge=EDGES_MS.index(LABEL_DELAY_MS),
)
"""A slot for each of MERCHANT_FEATURES, by its aggregate.

`window_edge` and `delayed_edge` say where in EDGES_MS those windows begin, `delay_edge` where the
delayed ones end.
"""

MerchantPlan: Final = type(MERCHANT_PLAN)
