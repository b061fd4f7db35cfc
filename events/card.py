"""What holds for the card of every keyed event: it is a token, and it is the record's key."""

from events.card_number import card_number_in
from events.errors import EventError, refuse, show


def check_card(card_id: str, key: bytes | None) -> None:
    """Refuse a card number, an absent key, and a key that is not the card; never repeat either."""
    if card_number_in(card_id):
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
