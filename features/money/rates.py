"""A table of exchange rates, and the conversion of amounts into its reference currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Final

from events.money import EXPONENTS
from features.money.units import DECIMALS, MANTISSA_BITS, NO_RATE, Unit, storable, unit_of

_LEAST_ROUNDED: Final = 2**MANTISSA_BITS


class RatesError(ValueError):
    """Rates that cannot be used: what is wrong, where, what was wanted, got, and what to do."""

    def __init__(self, what: str, where: str, wanted: str, got: str, next_step: str) -> None:
        self._said = what, wanted, got, next_step
        super().__init__(f"{what} in {where}: wanted {wanted}, got {got}; {next_step}.")

    def at(self, where: str) -> RatesError:
        """Return the same error with another place, such as the file that the rates came from."""
        what, wanted, got, next_step = self._said
        return RatesError(what, where, wanted, got, next_step)


@dataclass(frozen=True)
class Rates:
    """A day's exchange rates, and the reference currency that amounts are converted into.

    Attributes:
        reference: The currency of converted amounts.
        base: The currency that the rates are published against.
        day: The day of the rates.
        source: Who published the rates.
        unit: The unit of converted amounts; `unit_word` is its word for the kernels.
        published: Units of each currency for one unit of the base, as published: exact decimals.

    Conversion is exact up to one rounding, half up, to the unit of the reference currency. Any
    currency of the table can be the reference, by exact cross rates.
    """

    reference: str
    base: str
    day: date
    source: str
    published: Mapping[str, str]
    unit: Unit = field(init=False, repr=False, compare=False)
    unit_word: int = field(init=False, repr=False, compare=False)
    _whole: dict[str, int] = field(init=False, repr=False, compare=False)
    _steps: dict[str, tuple[int, int, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.reference not in self.currencies:
            raise RatesError(
                "No rate of the reference currency",
                f"the rates of {self.date}",
                f"one of {', '.join(sorted(self.currencies))}",
                self.reference,
                "name a currency of the table, or give a table with it",
            )
        object.__setattr__(self, "unit", unit_of(self.reference))
        object.__setattr__(self, "unit_word", self.unit.word)
        steps = {code: self._step(code) for code in self.currencies}
        whole = {code: step[0] // 2 for code, step in steps.items() if step[1] == 1}
        object.__setattr__(self, "_steps", steps)
        object.__setattr__(self, "_whole", whole)

    @cached_property
    def date(self) -> str:
        """The day of the rates in ISO 8601, as decisions carry it."""
        return self.day.isoformat()

    @cached_property
    def currencies(self) -> frozenset[str]:
        """The currencies that have a rate."""
        return frozenset({self.base, *self.published})

    @cached_property
    def factors(self) -> dict[str, tuple[int, int]]:
        """The value of each currency's major unit in that of the reference, as n / d."""
        found = {code: self._value(code) for code in self.currencies}
        return {code: (value.numerator, value.denominator) for code, value in found.items()}

    def based_on(self, reference: str) -> Rates:
        """Return the same rates with another reference currency; RatesError without a rate of it.

        >>> table = Rates("EUR", "EUR", date(2026, 1, 2), "a test", {"USD": "1.25", "JPY": "150"})
        >>> table.factors["JPY"], table.based_on("USD").factors["JPY"]
        ((1, 150), (1, 120))
        """
        return Rates(reference, self.base, self.day, self.source, self.published)

    def amount(self, amount_minor: int, currency: str) -> int:
        """Return an amount in units of the reference currency, NO_RATE without a rate.

        It is rounded half up, once to the unit and beyond 2**44 units to what a state can hold, so
        that the arriving payment and the stored row have the same value.

        >>> table = Rates("EUR", "EUR", date(2026, 1, 2), "a test", {"JPY": "150"})
        >>> table.amount(1234, "EUR"), table.amount(1, "JPY"), table.amount(1, "XAF")
        (1234000000, 666667, -1)
        """
        whole = self._whole.get(currency)
        if whole is not None:
            amount = amount_minor * whole
        else:
            step = self._steps.get(currency)
            if step is None:
                return NO_RATE
            twice_n, d, twice_d = step
            amount = (amount_minor * twice_n + d) // twice_d
        return amount if amount < _LEAST_ROUNDED else storable(amount)

    def _value(self, currency: str) -> Fraction:
        return self._published(self.reference) / self._published(currency)

    def _published(self, currency: str) -> Fraction:
        return Fraction(1) if currency == self.base else Fraction(self.published[currency])

    def _step(self, currency: str) -> tuple[int, int, int]:
        """Return 2 n, d and 2 d for n / d units in a minor unit of a currency."""
        scale = Fraction(10 ** DECIMALS[self.reference], 10 ** EXPONENTS[currency])
        value = self._value(currency) * scale
        if value < 1:
            raise RatesError(
                f"Too small a currency for the reference {self.reference}",
                f"the rates of {self.date}",
                f"minor units of at least 10^-{DECIMALS[self.reference]} {self.reference}",
                f"{float(value):.2g} of that for {currency}",
                f"leave {currency} out, so that its payments have no rate, or take another "
                "reference currency",
            )
        return 2 * value.numerator, value.denominator, 2 * value.denominator
