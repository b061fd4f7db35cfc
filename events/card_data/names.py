"""Names of fields that hold card data, in whatever case and with whatever underscores."""

import re
from functools import lru_cache
from typing import Final, Literal

Named = Literal["number", "code", "cid", "pin", "track"]
"""What a field holds by its name: the card's number, its verification code, a PIN, a track.

`cid` is a code of American Express, or a customer's id.
"""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Za-z][a-z]*[0-9]*|[0-9]+")

_ROOTS: Final[dict[Named, str]] = {
    "number": "pan fpan dpan cardpan primaryaccount card creditcard debitcard paymentcard cc ccn "
    "de2",
    "code": "cvv cvv1 cvv2 cvc cvc1 cvc2 cvn cvn2 cvd cvd2 cav cav2 csc cardcode cvvcode "
    "cvccode securitycode cardsecuritycode verificationcode verificationvalue "
    "cardverification cardverificationcode cardverificationvalue",
    "cid": "cid",
    "pin": "pin pin1 cardpin pinblock encryptedpin encryptedpinblock onlinepin de52",
    "track": "track tracks track1 track2 track3 trackone tracktwo magstripe magneticstripe swipe "
    "magstripetrack track2equivalent de35 de36 de45",
}
_ENDS: Final = ("", "number", "num", "no", "nr", "value", "data", "raw", "plain", "clear")
_OF_NUMBERS: Final = frozenset({"card", "creditcard", "debitcard", "paymentcard", "cc"})
"""Roots that name a number only with an end: a field `card` may hold a token."""

_NAMES: Final[dict[str, Named]] = {
    root + end: kind
    for kind, roots in _ROOTS.items()
    for root in roots.split()
    for end in _ENDS
    if end or root not in _OF_NUMBERS
}
_DIGITS: Final[dict[Named, range]] = {
    "number": range(12, 1000),
    "code": range(3, 1000),
    "cid": range(3, 5),
    "pin": range(4, 1000),
    "track": range(8, 1000),
}
"""How many digits a text under such a name has, if it holds what the name says."""
_LONGEST_NAME: Final = 100
_NO_FRACTION: Final = re.compile(r"\.0*\Z")


@lru_cache(4096)
def card_data_named(name: str) -> Named | None:
    """Return what a field of this name holds of a card, or None.

    The last words of a name count: `cvv_result` and `pin_verified` are no card data.

    >>> card_data_named("cardCVV2"), card_data_named("PIN_BLOCK"), card_data_named("pin_verified")
    ('code', 'pin', None)
    """
    words = [word.lower() for word in _WORDS.findall(name[:_LONGEST_NAME])]
    while words:
        if found := _NAMES.get("".join(words)):
            return found
        words = words[1:]
    return None


def holds_named(kind: Named, text: str, *, number: bool = False) -> bool:
    """Say whether a value under such a name holds what the name says, by its digits.

    Masked values, results (`M`) and yes or no hold nothing. A `number` of JSON has lost the zeros
    in front, so that any two digits are a code or a PIN.

    >>> holds_named("code", "123"), holds_named("code", "***"), holds_named("pin", "1")
    (True, False, False)
    """
    digits = sum(char.isdigit() for char in _NO_FRACTION.sub("", text))
    if number and kind in ("code", "pin"):
        return digits >= 2
    return digits in _DIGITS[kind]
