"""The cardholder's home time zone, by whose clocks a payment has its hour and its weekday."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.zones import ZONE_OF_COUNTRY

if TYPE_CHECKING:
    from events.transaction import Transaction


def home_zone(payment: Transaction) -> str | None:
    """Return the zone that the payment names, else its home country's; None where none is known."""
    if payment.time_zone is not None:
        return payment.time_zone
    if payment.home_country is not None:
        return ZONE_OF_COUNTRY[payment.home_country]
    return None
