"""Payments and labels for tests, with defaults for everything."""

from datetime import date
from typing import Any, Final

from events.label import Label
from events.transaction import Transaction
from features.money.rates import Rates
from features.windows import DAY_MS, HOUR_MS

NOON_MS: Final = 1_700_049_600_000 // DAY_MS * DAY_MS + 12 * HOUR_MS
"""A Wednesday, 2023-11-15T12:00:00Z."""


RATES: Final = Rates(
    "EUR",
    "EUR",
    date(2023, 11, 15),
    "by hand",
    {"USD": "1.25", "JPY": "160.5", "KWD": "0.347", "CLF": "0.0263"},
)
"""Currencies of 0, 2, 3 and 4 decimals; tests/unit/features/oracle.py has them as fractions."""


def payment(time_ms: int = NOON_MS, identity: object = None, **given: Any) -> Transaction:
    fields: dict[str, Any] = {
        "transaction_id": f"t{time_ms if identity is None else identity}",
        "card_id": "card-1",
        "timestamp_ms": time_ms,
        "amount_minor": 1_000,
        "currency": "EUR",
        "merchant_id": "merchant-1",
    }
    return Transaction(**(fields | given))


def label(time_ms: int = NOON_MS, identity: object = None, **given: Any) -> Label:
    fields: dict[str, Any] = {
        "transaction_id": f"t{time_ms if identity is None else identity}",
        "card_id": "card-1",
        "merchant_id": "merchant-1",
        "timestamp_ms": time_ms,
        "is_fraud": True,
        "label_time_ms": time_ms + DAY_MS,
        "source": "chargeback",
    }
    return Label(**(fields | given))
