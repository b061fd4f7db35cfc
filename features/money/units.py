"""The unit of amounts in a reference currency: fine enough for every other currency's own."""

from __future__ import annotations

from typing import Final, NamedTuple

from events.money import EXPONENTS

_FINE: Final = (
    "ANG AUD AWG AZN BAM BBD BGN BHD BMD BND BSD BZD CAD CHE CHF CHW CLF CUC EUR FJD FKP GBP GEL "
    "GIP JOD KWD KYD NZD OMR PAB SGD SHP TOP USD USN XAD XCD XCG"
)
"""Currencies worth about a third of a euro or more."""

_COARSE: Final = (
    "ARS BIF CDF CLP COP GNF IDR IQD IRR KHR KRW LAK LBP MGA MMK MNT MWK NGN PYG RWF SLL SSP SYP "
    "TZS UGX UZS VND ZWL"
)
"""Currencies worth about a thousandth of a euro or less."""

_DECIMALS_OF_OTHERS: Final = 6

DECIMALS: Final[dict[str, int]] = dict.fromkeys(EXPONENTS, _DECIMALS_OF_OTHERS) | {
    code: decimals for decimals, codes in ((8, _FINE), (4, _COARSE)) for code in codes.split()
}
"""ISO 4217 code to the decimals of a unit where the currency is the reference.

Constants, not a function of a day's rates: a state outlives its rates.
"""

MANTISSA_BITS: Final = 44
"""Bits of an amount's digits; beyond, an amount is rounded to a power of ten of units.

An amount has 2**40 minor units of its own currency at most, so 44 bits tell all of them apart.
"""

_LEAST_ROUNDED: Final = 2**MANTISSA_BITS

LARGEST_AMOUNT: Final = (2**63 - 1) // 10**6 * 10**6
"""The largest amount in units; a larger one ends here."""

NO_RATE: Final = -1
"""The amount of a payment whose currency has no rate."""


class Unit(NamedTuple):
    """The unit of amounts in a reference currency: 10**-decimals of its major unit."""

    currency: str
    decimals: int

    @property
    def per_major(self) -> int:
        """The number of units in the major unit."""
        return int(10**self.decimals)

    @property
    def word(self) -> int:
        r"""The letters where a state has them, behind its version, and above them the decimals.

        >>> Unit("EUR", 8).word.to_bytes(8, "little")
        b'\x00EUR\x08\x00\x00\x00'
        """
        return int.from_bytes(self.letters, "little") << 8 | self.decimals << 32

    @property
    def letters(self) -> bytes:
        """The letters of the currency, as the header of a packed state holds them."""
        return self.currency.encode()


def unit_of(currency: str) -> Unit:
    """Return the unit of a reference currency; KeyError where no currency has the code.

    >>> unit_of("EUR").decimals, unit_of("JPY").decimals, unit_of("KRW").decimals
    (8, 6, 4)
    """
    return Unit(currency, DECIMALS[currency])


def storable(amount: int) -> int:
    """Return an amount in units, rounded half up to what a row of the card's state holds.

    >>> storable(123), storable(2**44 + 6), storable(2**80) == LARGEST_AMOUNT
    (123, 17592186044420, True)
    """
    if amount < _LEAST_ROUNDED:
        return amount
    if amount >= LARGEST_AMOUNT:
        return LARGEST_AMOUNT
    step = 10
    while (amount + step // 2) // step >= _LEAST_ROUNDED:
        step *= 10
    return (amount + step // 2) // step * step
