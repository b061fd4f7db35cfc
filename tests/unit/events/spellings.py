"""Card numbers, and every way in which people and programs spell them."""

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

CHECK: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def with_check_digit(body: str) -> str:
    """Return digits with the Luhn digit that belongs behind them."""
    digits = [int(digit) for digit in reversed(body)]
    total = sum(digits[1::2]) + sum(CHECK[digit] for digit in digits[::2])
    return f"{body}{-total % 10}"


def grouped(number: str, mark: str) -> str:
    """Return a number in groups of four."""
    return mark.join(number[i : i + 4] for i in range(0, len(number), 4))


def in_script(number: str, zero: str) -> str:
    """Return a number in the decimal digits of another script."""
    return "".join(chr(ord(zero) + int(digit)) for digit in number)


MARKS: Final = (
    " ", "\u00a0", "\u2009", "\u202f", "\u3000", "\u200b", "\u2060", "\ufeff", "\u00ad", "\t", "\n",
    "  ", "-", "--", " - ", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\uff0d",
    ".", "_", "/", "\\", "|", "\u00b7", "\u2022", "\u3000 ",
)  # fmt: skip
ZEROS: Final = ("\uff10", "\u0660", "\u06f0", "\u0966", "\u09e6", "\u0e50", "\U0001d7ce")

WHOLE: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "float": lambda n: f"{n}.0",
    "decimal with a scale": lambda n: f"{n}.00",
    "decimal comma": lambda n: f"{n},00",
    "bare point": lambda n: f"{n}.",
    "exponent": lambda n: f"{n[0]}.{n[1:]}e+{len(n) - 1}",
    "exponent in capitals": lambda n: f"{n[0]}.{n[1:]}E{len(n) - 1}",
    "exponent with a comma": lambda n: f"{n[0]},{n[1:]}E+{len(n) - 1}",
    "exponent of a fraction": lambda n: f"0.{n}e{len(n)}",
    "negative exponent": lambda n: f"{n}00e-2",
    "zero exponent": lambda n: f"{n}e0",
    "thousands": lambda n: f"{int(n):,}",
    "thousands and decimals": lambda n: f"{int(n):,}.00",
    "European thousands": lambda n: f"{int(n):,}".replace(",", ".") + ",00",
    "Swiss thousands": lambda n: f"{int(n):,}".replace(",", "'"),
    "Excel's apostrophe": lambda n: f"'{n}",
    "Excel's formula": lambda n: f'="{n}"',
    "formula of a number": lambda n: f"={n}",
    "quotes": lambda n: f'"{n}"',
    "curly quotes": lambda n: f"“{n}”",
    "angle quotes": lambda n: f"«{n}»",
    "blanks around": lambda n: f" \t{n}\u00a0\n",
    "byte order mark": lambda n: f"\ufeff{n}",
    "plus": lambda n: f"+{n}",
    "hash": lambda n: f"#{n}",
    "padded": lambda n: n.rjust(19, "0"),
    "each digit alone": lambda n: " ".join(n),
    "American Express": lambda n: f"{n[:4]} {n[4:10]} {n[10:]}",
    "key caps": lambda n: "".join(f"{digit}\ufe0f\u20e3" for digit in n),
    **{f"groups with {mark!a}": lambda n, mark=mark: grouped(n, mark) for mark in MARKS},  # type: ignore[misc]
    **{f"digits from {zero!a}": lambda n, zero=zero: in_script(n, zero) for zero in ZEROS},  # type: ignore[misc]
}
"""Every spelling by name: from the digits to the text that spells them."""

ANY_NUMBER: Final = st.from_regex(r"\A[1-9][0-9]{11,17}\Z").map(with_check_digit)
"""Any digits that a card_id may not be, whoever issues them."""

ISSUED: Final = st.one_of(
    *(
        st.from_regex(rf"\A{prefix}\Z").map(with_check_digit)
        for prefix in (
            "4[0-9]{14}",
            "4[0-9]{11}",
            "4[0-9]{17}",
            "5[1-5][0-9]{13}",
            "2[3-6][0-9]{13}",
            "3[47][0-9]{12}",
            "36[0-9]{11}",
            "35[3-8][0-9]{12}",
            "1800[0-9]{10}",
            "2131[0-9]{10}",
            "62[0-9]{13,16}",
            "6011[0-9]{11}",
            "5018[0-9]{7,14}",
            "2200[0-9]{11}",
            "9792[0-9]{11}",
        )
    )
)
"""Numbers with a prefix and a length of a card network."""
