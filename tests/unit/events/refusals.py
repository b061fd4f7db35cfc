"""Refusals of payments, and all that is written about them."""

from typing import Any

import pytest

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from tests.unit.events.samples import CARD, NOW_MS, parse

KEY = CARD.encode()


def refusal(fields: Any, key: bytes | None = KEY) -> EventError:
    """Return why a payment, given as fields or bytes, is refused; an accepted one fails."""
    with pytest.raises(EventError) as caught:
        parse(fields, key)
    return caught.value


def written(error: EventError, key: bytes | None, value: bytes | None) -> bytes:
    """Return all that is written about a refusal: the dead letter with its bytes decoded."""
    letter = dead_letter(
        error, topic="transactions", partition=0, offset=1, key=key, value=value, time_ms=NOW_MS
    )
    assert letter.masked
    return b" ".join([encode_dead_letter(letter), letter.key or b"", letter.value or b""])
