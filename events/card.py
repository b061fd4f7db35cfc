"""What holds for the card of every keyed event: it is a token, and it is the record's key."""

import re
from typing import Final

from events.errors import EventError, refuse, show

_DIGITS: Final = "0123456789"
_LIKE_A_CARD_NUMBER: Final = re.compile(r"[0-9](?:[ -]?[0-9]){12,18}")


def is_card_number(text: str) -> bool:
    """Say whether `text` is 13 to 19 digits, spaced or not, with a valid Luhn check digit.

    >>> is_card_number("4111 1111 1111 1111"), is_card_number("4111111111111112")
    (True, False)
    """
    if len(text) < 13 or text[0] not in _DIGITS or not _LIKE_A_CARD_NUMBER.fullmatch(text):
        return False
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def check_card(card_id: str, key: bytes | None) -> None:
    """Refuse a card number, an absent key, and a key that is not the card; never repeat either."""
    if is_card_number(card_id):
        raise card_number_refused("`card_id`")
    if key != card_id.encode():
        raise _key_refused(card_id, key)


def card_number_refused(where: str) -> EventError:
    """Return the error for a card number in clear, which the sentence does not repeat."""
    got = "a number with a valid check digit"
    step = "replace card numbers by keyed tokens before anything is sent"
    return refuse("card_number", where, "a token", got, step)


def _key_refused(card_id: str, key: bytes | None) -> EventError:
    if key is None:
        step = "send records with the card as key, so that its payments keep their order"
        return refuse("missing_key", "record key", "the `card_id`", "no key", step)
    got = f"{show(key)} with `card_id` {show(card_id)}"
    step = "send the record with its own `card_id` as key"
    return refuse("key_mismatch", "record key", "the bytes of `card_id`", got, step)
