"""Recognition of card numbers, however a person or a program has spelt one.

The producer makes a token of such a number, the job refuses it, and sentences mask it.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

SHORTEST: Final = 12
LONGEST: Final = 19

_LOST_DIGITS: Final = 4
"""How many digits an exponent may leave out: a float drops zeros at the end, Excel drops more."""

_LETTER: Final = re.compile(r"[A-DF-Za-df-z]")
_DECIMAL: Final = re.compile(r"([0-9]+)(?:[.,]([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
_GROUPED_DECIMAL: Final = re.compile(r"([0-9]+(?:[.,][0-9]+)+)([.,])0+")
_MAESTRO: Final = re.compile(r"5[0678]|6")
_ISSUED: Final = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa, Elo, Dankort
    r"|5[1-5][0-9]{14}"  # Mastercard, and from 2221 to 2720
    r"|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11,16}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}|(?:1800|2131)[0-9]{11}"  # JCB, RuPay
    r"|220[0-5][0-9]{12,15}"  # Mir, Borica
    r"|(?:5[0678]|6[0-9])[0-9]{10,17}"  # Maestro, Discover, UnionPay, RuPay, Elo, Verve
    r"|(?:8[12][0-9]{2}|8600|9792|9860)[0-9]{12}"  # RuPay, Uzcard, Troy, Humo
)
DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Luhn's double of each digit: its sum of digits."""

FILLER: Final = "\0"
"""What stands for a character that nobody sees."""

_BLANKS: Final = frozenset({"Zs", "Zl", "Zp", "Cs", "Pc"})
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Mn", "Me"})
_INVISIBLE_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_ALONGSIDE: Final = frozenset("\"'`´=#()[]{}<>«»‹›“”„‟‘’‚‛*;:!?&$%@")
_BETWEEN: Final = frozenset("/\\|~'’`´*·•‧∙⋅")


class _Spelling(dict[int, str]):
    """Each character as what it is to a card number, filled as characters occur.

    A digit is its ASCII digit, a blank or mark between digits a space, a dash "-", a bracket or
    quote '"', what nobody sees FILLER. Points, commas, plus signs and letters stay.
    """

    def __missing__(self, code: int) -> str:
        self[code] = found = _meaning(chr(code))
        return found


def _meaning(char: str) -> str:
    if (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    category = unicodedata.category(char)
    if char.isspace() or category in _BLANKS or char in _BETWEEN:
        return " "
    if category in _INVISIBLE or char in _INVISIBLE_LETTERS:
        return FILLER
    if category == "Pd" or char == "−":
        return "-"
    if char in _ALONGSIDE:
        return '"'
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and plain.isascii() else char


_SPELLING: Final = _Spelling()


def card_number_in(text: str) -> str | None:
    """Return the digits of the card number that the whole `text` spells, or None.

    A card number has 13 to 19 digits, or 12 with a prefix of Maestro, and a valid Luhn digit.
    Known are groups of any size with any blank, dash, point, comma, underscore or slash between,
    quotes and Excel's `="..."` around, whole floats, exponents that leave no digit out, and the
    decimal digits of every script.

    >>> card_number_in("4111 1111 1111 1111"), card_number_in("4.111111111111111e+15")
    ('4111111111111111', '4111111111111111')
    >>> card_number_in("4111111111111112"), card_number_in("tok_4111111111111111")
    (None, None)
    """
    if len(text) < SHORTEST or (text.isascii() and _LETTER.search(text)):
        return None
    plain = spelling(text).replace(FILLER, "").lstrip(' "+-').rstrip(' "-.,')
    for digits in (plain,) if plain.isdigit() else _readings(plain):
        shorter = digits.lstrip("0")  # as fields of a fixed width pad a number
        if is_card_number(shorter):
            return shorter
        if is_card_number(digits):
            return digits
    return None


def is_card_number(digits: str) -> bool:
    """Say whether ASCII digits have the length and the check digit of a card number."""
    if not SHORTEST <= len(digits) <= LONGEST:
        return False
    if len(digits) == SHORTEST and not _MAESTRO.match(digits):
        return False
    plain = [int(digit) for digit in reversed(digits)]
    return (sum(plain[::2]) + sum(DOUBLED[digit] for digit in plain[1::2])) % 10 == 0


def is_issued(digits: str) -> bool:
    """Say whether a card number also has a prefix and a length that a card network uses.

    One random id in ten has a valid check digit. Outside the card's own field only numbers like
    these are taken for card numbers: see docs/adr/0024-card-numbers.md.

    >>> is_issued("4111111111111111"), is_issued("1714564800000")
    (True, False)
    """
    return _ISSUED.fullmatch(digits) is not None


def spelling(text: str) -> str:
    """Return `text` in as many characters, each digit in ASCII and each separator plain."""
    return text.translate(_SPELLING)


def _readings(plain: str) -> Iterator[str]:
    """Yield the digits of each number that a text of digits and separators can be read as."""
    packed = plain.replace(" ", "")
    if decimal := _DECIMAL.fullmatch(packed):
        yield _whole(*decimal.groups())
    joined = packed.replace("-", "").replace("+", "")
    if decimal := _DECIMAL.fullmatch(joined):
        yield _whole(*decimal.groups())
        return
    if (grouped := _GROUPED_DECIMAL.fullmatch(joined)) and grouped[2] not in grouped[1]:
        joined = grouped[1]
    joined = joined.replace(".", "").replace(",", "")
    if joined.isdigit():
        yield joined


def _whole(whole: str, fraction: str | None, exponent: str | None) -> str:
    """Return the digits of a whole number; nothing where it is not whole, or digits are gone."""
    digits = whole + (fraction or "")
    shift = int(exponent or 0) - len(fraction or "")
    if shift >= 0:
        return digits + "0" * shift if shift <= _LOST_DIGITS else ""
    return digits[:shift] if set(digits[shift:]) == {"0"} else ""
