"""Card numbers become keyed tokens before anything leaves the producer.

A token is the same for the same card and key, and says nothing about the card to one who lacks
the key: keyed BLAKE2b (RFC 7693) of the digits, 128 bits, in base32.
"""

import base64
import binascii
import hashlib
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from events.card_data.number import card_number_in

KEY_VARIABLE = "CARDWATCH_TOKEN_KEY"
KEY_BYTES = 32

_TOKEN_BYTES = 16
_LEAST_KEY_BYTES = 16
_MOST_KEY_BYTES = 64
_SEPARATORS = str.maketrans("", "", " -")
_PERSON = b"cardwatch card"


class TokenKeyError(ValueError):
    """A token key cannot be used: the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Replaces card numbers by tokens under one secret key of 16 to 64 bytes."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _LEAST_KEY_BYTES <= len(self.key) <= _MOST_KEY_BYTES:
            raise TokenKeyError(
                f"token key: expected {_LEAST_KEY_BYTES} to {_MOST_KEY_BYTES} bytes, got "
                f"{len(self.key)}; make one with `openssl rand -hex {KEY_BYTES}`"
            )

    def token(self, card: str) -> str:
        """Return the token of a card; how its number is spelt does not matter.

        >>> Tokenizer(bytes(32)).token("4111 1111 1111 1111")
        'tok_ukueavrvxahcr3awt4izcozzqq'
        """
        digits = (card_number_in(card) or card.translate(_SEPARATORS)).encode()
        keyed = hashlib.blake2b(digits, digest_size=_TOKEN_BYTES, key=self.key, person=_PERSON)
        return "tok_" + base64.b32encode(keyed.digest()).decode().rstrip("=").lower()

    def column(self, cards: pa.Array, every: bool) -> pa.Array:
        """Return string[n] cards with each card number, or every value, replaced by its token.

        Each distinct value is looked at once. Nulls and empty texts stay as they are.
        """
        coded = pc.dictionary_encode(cards)
        replaced = [
            self.token(card) if card and (every or is_number(card)) else card
            for card in coded.dictionary.to_pylist()
        ]
        return pa.array(replaced, pa.string()).take(coded.indices)


def is_number(card: str) -> bool:
    """Tell whether a text is a card number, in whatever way it is spelt.

    >>> is_number("4111--1111 11111111"), is_number("card-596")
    (True, False)
    """
    return card_number_in(card) is not None


def key_from_text(text: str, where: str) -> bytes:
    """Decode a key written as hexadecimal digits; where names its place in an error.

    >>> key_from_text("swordfish", "--token-key-file")
    Traceback (most recent call last):
    producer.values.tokens.TokenKeyError: --token-key-file: expected hexadecimal digits, got \
other text; make a key with `openssl rand -hex 32`
    """
    try:
        return binascii.unhexlify(re.sub(r"\s", "", text))
    except ValueError:
        raise TokenKeyError(
            f"{where}: expected hexadecimal digits, got other text; "
            f"make a key with `openssl rand -hex {KEY_BYTES}`"
        ) from None


def read_or_create_key(path: Path) -> tuple[bytes, bool]:
    """Return the key in a file, and whether it was made just now.

    A missing file is created once, for the owner alone (mode 0600). Raises TokenKeyError when the
    file holds no key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return key_from_text(path.read_text(encoding="ascii"), str(path)), False
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    return key, True
