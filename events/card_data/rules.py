"""Rules for the card of every keyed event: it is a token, and it is the record's key.

And for everything beside it: no card number, verification code, PIN or track anywhere.
"""

from typing import Final

from events.card_data.masking import masked_key, masked_line
from events.card_data.names import Named
from events.card_data.scan import Found, find_card_data, may_hold_card_data, names_card_data
from events.card_data.search import Code
from events.errors import EventError, one_line, refuse, show

_LONGEST_NAME: Final = 60
_NAMED: Final[dict[Named, str]] = {
    "number": "a card number by the name of its field",
    "code": "a verification code by the name of its field",
    "cid": "a verification code by the name of its field",
    "pin": "a PIN by the name of its field",
    "track": "track data by the name of its field",
}


def refuse_card_data(value: bytes, times: int, *, names: bool) -> None:
    """Refuse an event that holds card data in any text, number or name of its JSON.

    `times` counts the fields whose time `is_milliseconds`; `names` says whether there are names
    that this release does not know, which are looked at as well.
    """
    if may_hold_card_data(value, times) or (names and names_card_data(value)):
        for found in find_card_data(value.decode("utf-8", "surrogateescape")):
            raise _found_refused(found)


def check_key(card_id: str, key: bytes | None) -> None:
    """Refuse an absent key, and a key that is not the card."""
    if key != card_id.encode():
        raise _key_refused(card_id, key)


def card_number_refused(where: str) -> EventError:
    """Return the error for a card number in clear, which the sentence does not repeat."""
    got = "a number with a valid check digit"
    step = "replace card numbers by keyed tokens before anything is sent"
    return refuse("card_number", where, "a token", got, step)


def card_data_refused(where: str, code: Code) -> EventError:
    """Return the error for a text in which `search.card_data` has found card data."""
    return _number_refused(where) if code == "card_number" else _data_refused(where)


def _found_refused(found: Found) -> EventError:
    name = one_line(masked_line(found.name), _LONGEST_NAME)
    where = f"name of the field `{name}`" if found.is_name else f"`{name}`"
    if found.code == "card_data":
        return _data_refused(where, found.by_name)
    if found.name == "card_id" and not found.is_name:
        return card_number_refused(where)
    return _number_refused(where)


def _number_refused(where: str) -> EventError:
    got = "a number that a card network issues, with a valid check digit"
    step = "send a keyed token instead, or put a letter in front of an id that is no card"
    return refuse("card_number", where, "no card number", got, step)


def _data_refused(where: str, by_name: Named | None = None) -> EventError:
    got = "track data or a verification code" if by_name is None else _NAMED[by_name]
    step = "drop the field at the source: such data may not be kept once a payment is authorised"
    return refuse("card_data", where, "no card data", got, step)


def _key_refused(card_id: str, key: bytes | None) -> EventError:
    if key is None:
        step = "send records with the card as key, so that its payments keep their order"
        return refuse("missing_key", "record key", "the `card_id`", "no key", step)
    if masked_key(key) != key:
        return card_number_refused("record key")
    got = f"{show(key)} with `card_id` {show(card_id)}"
    step = "send the record with its own `card_id` as key"
    return refuse("key_mismatch", "record key", "the bytes of `card_id`", got, step)
