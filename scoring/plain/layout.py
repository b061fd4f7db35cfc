"""The hand-over of a plain payment from the card stage to the merchant stage.

A hand-over is words of 8 bytes, little-endian: first HAND_*, then the card's features as float32,
padded to whole words, then the payment's JSON as it was received, padded likewise. The reference
currency and the day of the rates are not in it: both stages of a job are submitted with the same
rates.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, get_args

import numpy as np

from events.decision import Flag
from features.catalogue import CARD_FEATURES
from features.kernels.batch import Words
from features.kernels.compiled import SOURCES, digest_of, helper
from features.kernels.slices import Slices

HAND_KIND: Final = 0  # KIND
HAND_TIME: Final = 1
HAND_MINOR: Final = 2  # amount in minor units of the payment's own currency
HAND_AMOUNT: Final = 3  # in units of the reference currency
HAND_WHO: Final = 4  # what labels find the payment by
HAND_SEQUENCE: Final = 5  # of the card
HAND_FLAGS: Final = 6  # see `mask_of`
HAND_RECEIVED: Final = 7
HAND_PARTITION: Final = 8
HAND_OFFSET: Final = 9
HAND_TRANSACTION: Final = 10  # texts without their quotes: place in the JSON << 32 | bytes
HAND_CARD: Final = 11
HAND_MERCHANT: Final = 12
HAND_CURRENCY: Final = 13
HAND_JSON: Final = 14  # place in the hand-over << 32 | bytes
HAND_WORDS: Final = 15

_PLACE_BITS: Final = 32
_SIZE_MASK: Final = (1 << _PLACE_BITS) - 1

_NO_MESSAGE: Final = 0xC1
"""The one byte that MessagePack never uses; those of `scoring.messages` begin with 0x90 to 0x9f."""

KIND: Final = _NO_MESSAGE | len(CARD_FEATURES) << 8
"""The first word: a first byte that no message of `scoring.messages` has, and how many features."""

_BITS: Final[dict[Flag, int]] = {flag: 1 << bit for bit, flag in enumerate(get_args(Flag))}

MASKS: Final = 1 << len(_BITS)
"""How many masks of flags there are."""


class Plan(NamedTuple):
    """Constants that compiled code closes over, and so part of the key of cached machine code.

    Attributes:
        kind: KIND.
        features: How many features of the card a hand-over has.
        masks: MASKS.
        sources: Digests of the modules that the compiled code comes from.
    """

    kind: int
    features: int
    masks: int
    sources: tuple[int, int]


PLAN: Final = Plan(
    KIND, len(CARD_FEATURES), MASKS, sources=(SOURCES, digest_of(Path(__file__).parent))
)


def is_plain(body: bytes) -> bool:
    """Say whether a hand-over is one of a plain payment, and not of `scoring.messages`.

    >>> is_plain(KIND.to_bytes(8, "little")), is_plain(bytes([0x9B]))
    (True, False)
    """
    return body[0] == _NO_MESSAGE


def plain_places(bodies: Sequence[bytes]) -> list[int]:
    """Return the places of the hand-overs that are of plain payments."""
    if not isinstance(bodies, Slices):
        return [place for place, body in enumerate(bodies) if is_plain(body)]
    first = np.frombuffer(bodies.memory, np.uint8)[bodies.stops[:-1]]
    places: list[int] = np.flatnonzero(first == _NO_MESSAGE).tolist()
    return places


def mask_of(flags: Iterable[Flag]) -> int:
    """Return flags as a mask: bit i is the i-th flag of `events.decision.Flag`.

    >>> mask_of(["record_time", "late"])
    17
    """
    return sum(_BITS[flag] for flag in flags)


def mask_table(said: Mapping[int, Flag]) -> Words:
    """Return the mask for every set of a kernel's bits, at the number that the bits make.

    >>> mask_table({1: "late_merchant", 2: "compacted_merchant"}).tolist()
    [0, 2, 8, 10]
    """
    sets = range(2 * max(said))
    return np.array([mask_of(said[bit] for bit in said if bits & bit) for bits in sets], np.int64)


def flags_of(mask: int) -> list[Flag]:
    """Return the flags of a mask, in the order that decisions have them in.

    >>> flags_of(17)
    ['late', 'record_time']
    """
    return [flag for flag, bit in _BITS.items() if mask & bit]


@helper
def span_of(place: int, size: int) -> int:
    """Return the word of a text."""
    return place << _PLACE_BITS | size


@helper
def place_of(text: int) -> int:
    """Return the place of a text in the JSON, or of the JSON in its hand-over."""
    return text >> _PLACE_BITS


@helper
def size_of(text: int) -> int:
    """Return the bytes of a text, or of the JSON."""
    return text & _SIZE_MASK
