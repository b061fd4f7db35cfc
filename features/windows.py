"""Spans of event time and bounds of memory: the constants that every other module here reads.

A window of length w at time t is (t - w, t]: left-open, right-closed, in event time.
"""

from typing import Final

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

CARD_WINDOWS_MS: Final = (10 * MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
DISTINCT_WINDOWS_MS: Final = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
MERCHANT_WINDOWS_MS: Final = (HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
DELAYED_WINDOWS_MS: Final = (DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS, 60 * DAY_MS)

LABEL_DELAY_MS: Final = 7 * DAY_MS
"""Risk windows end this long before the payment: (t - delay - w, t - delay]."""

ALLOWED_LATENESS_MS: Final = DAY_MS
"""A payment further than this behind the newest one seen is late: its windows may be cut."""

DEDUPE_HORIZON_MS: Final = DAY_MS
"""A transaction_id is remembered while its event time is in (newest - horizon, newest]."""

MAX_LOOSE_IDS: Final = 16_384
"""Ids of compacted payments that a card remembers; of more within the horizon the oldest go."""

OWN_NORMAL_MS: Final = CARD_WINDOWS_MS[-1]
"""The span that a card's own normal is taken from."""

ABOVE_NORMAL_MS: Final = 14 * DAY_MS
"""The span in which a card's payments far above its own normal are counted."""

ABOVE_NORMAL_FACTOR: Final = 2.5
"""How many times the card's own median is far above its normal."""

USUAL_PAYMENTS: Final = 128
"""A card's median and quartiles are of so many of its newest earlier payments at most."""

HOME_PAYMENTS: Final = 64
"""From this many payments on, each moves a card's home by one part in so many."""

HOME_STEP_KM: Final = 25.0
"""One payment moves a card's home by this at most, so that a journey does not."""

CARD_HISTORY_MS: Final = CARD_WINDOWS_MS[-1] + ALLOWED_LATENESS_MS

KNOWN_FRAUD_MS: Final = LABEL_DELAY_MS + DELAYED_WINDOWS_MS[-1]
"""The span that known frauds of a merchant are counted in."""

MERCHANT_HISTORY_MS: Final = KNOWN_FRAUD_MS + ALLOWED_LATENESS_MS

MAX_CARD_EVENTS: Final = 1_024
"""Payments that a card keeps one by one; the older half is compacted when it has this many."""

MAX_MERCHANT_ROWS: Final = 2_048
"""Payments and buckets that a merchant keeps; the older half is compacted at this many."""

WIDEST_MERCHANT_BUCKET_MS: Final = 8_192 * SECOND_MS
"""A merchant's buckets are no wider than this, so that the delayed windows keep their edges."""

MAX_LABELS_OF_A_KIND: Final = 256
"""Labels apart from their payments that a merchant keeps of each kind, the newest arrivals.

The four kinds: fraud or genuine, of a payment that has not come or that is in a bucket.
"""

MAX_LABELS: Final = 4 * MAX_LABELS_OF_A_KIND
"""Labels apart from their payments that a merchant keeps."""


def window_name(window_ms: int) -> str:
    """Return the short name of a window length, as feature names carry it.

    >>> [window_name(w) for w in CARD_WINDOWS_MS]
    ['10m', '1h', '24h', '7d', '30d']
    """
    if window_ms > DAY_MS:
        return f"{window_ms // DAY_MS}d"
    if window_ms >= HOUR_MS:
        return f"{window_ms // HOUR_MS}h"
    return f"{window_ms // MINUTE_MS}m"


def span(window_ms: int) -> str:
    """Return a window in words, as sentences carry it.

    >>> span(600_000), span(86_400_000), span(14 * 86_400_000)
    ('10 minutes', '24 hours', '14 days')
    """
    if window_ms > DAY_MS:
        return f"{window_ms // DAY_MS} days"
    if window_ms >= HOUR_MS:
        return f"{window_ms // HOUR_MS} hour{'s' * (window_ms > HOUR_MS)}"
    return f"{window_ms // MINUTE_MS} minutes"
