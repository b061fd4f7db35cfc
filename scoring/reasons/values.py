"""The values of one payment, by their features, for sentences that speak of more than one."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from events.money import currency_exponent
from events.transaction import Transaction
from features.catalogue import name_of
from features.declaration import Entity
from features.payment.home import home_zone

_EXACT_BELOW: Final = 100_000.0
"""From here on a float32 does not hold cents."""


class RowValues:
    """One payment and its vector float32[n], read by the names of its columns.

    ``reference`` is the currency of the vector's amounts.
    """

    def __init__(
        self,
        row: npt.NDArray[np.float32],
        places: Mapping[str, int],
        payment: Transaction,
        reference: str,
    ) -> None:
        self._row: list[float] = row.tolist()
        self._places = places
        self._payment = payment
        self._reference = reference

    def get(self, name: str) -> float | None:
        """Return a value by its column's name, None where it is missing or no such column."""
        place = self._places.get(name)
        if place is None:
            return None
        value = self._row[place]
        return None if value != value else value

    def of(self, entity: Entity, aggregate: str, window_ms: int | None = None) -> float | None:
        """Return the value of a declared aggregate; KeyError where none is declared."""
        return self.get(name_of(entity, aggregate, window_ms))

    def paid(self) -> str:
        """Return the payment's own amount in words, exact, with its currency.

        Behind an amount in another currency than the reference stands its value in that.
        """
        exponent = currency_exponent(self._payment.currency)
        whole, rest = divmod(self._payment.amount_minor, 10**exponent)
        decimals = f".{rest:0{exponent}d}" if exponent else ""
        paid = f"{whole:,}{decimals} {self._payment.currency}"
        major = self.of("payment", "amount")
        if self._payment.currency == self._reference or major is None:
            return paid
        return f"{paid} ({self.money(major)})"

    def money(self, major: float) -> str:
        """Return an amount in words that a feature holds, with the reference currency."""
        decimals = currency_exponent(self._reference) if abs(major) < _EXACT_BELOW else 0
        return f"{major:,.{decimals}f} {self._reference}"

    def clock(self) -> str:
        """Return the words for the clock that gives the payment its hour."""
        return "UTC" if home_zone(self._payment) is None else "in the cardholder's time zone"
