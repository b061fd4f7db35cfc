"""The reader of plain payments: the compiled one, with its tables."""

from typing import Final

from events.zones import ZONE_OF_COUNTRY, day_offsets_ms
from features.card.rows import PAID_TIME
from features.money.rates import Rates
from features.plain.kernel import plain_kernel
from features.plain.payments import PlainPayments, Records, none_plain
from features.plain.tables import (
    DAYS,
    currencies_of,
    known_categories,
    known_countries,
    letters_number,
    no_days,
)
from features.windows import DAY_MS

_ZONES: Final = {letters_number(code): zone for code, zone in ZONE_OF_COUNTRY.items()}


class Reader:
    """Reads the plain payments of batches, with amounts converted by the same rates.

    What it says of a payment is what `events.transaction.receive_transaction` and
    `features.card.rows.packed` make of it; all that it does not surely know is not plain.
    """

    def __init__(self, rates: Rates) -> None:
        self._days = no_days()
        self._tables = (
            currencies_of(rates),
            *known_categories(),
            known_countries(),
            self._days,
        )

    def read(self, records: Records) -> PlainPayments:
        """Return the plain payments among records.

        The offsets of a country's day are looked up when the first payment needs them: the compiled
        code stops there, and goes on from the same payment.
        """
        count = len(records.time_ms)
        made = none_plain(count)
        done, country = plain_kernel(0, *records, *self._tables, *made)
        while done < count:
            self._remember(country, int(made.rows[done, PAID_TIME]) // DAY_MS)
            done, country = plain_kernel(done, *records, *self._tables, *made)
        return made

    def _remember(self, country: int, day: int) -> None:
        """Put the offsets of a country's day into the table of days."""
        zone = _ZONES[country]
        offsets = (0.0, 0, 0.0) if zone is None else day_offsets_ms(zone, day)
        self._days[country * DAYS + day % DAYS] = (day, *offsets)
