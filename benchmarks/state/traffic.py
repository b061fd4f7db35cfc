"""Payments of millions of cards, made faster than the job decides them.

A payment is a payment of the world with card, merchant, id and time put in: what it costs the job
is what a real one costs, and it is made in about a microsecond. A card always pays at the same
merchant, in the same city, about the same amount, as most cards do, so alerts stay rare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from events.transaction import encode_transaction, parse_transaction
from harness.load import Load

DAY_MS: Final = 86_400_000
TEMPLATES: Final = 20_000
WARM_CARDS: Final = 2_000

_START_MS: Final = 1_750_000_000_000
MERCHANTS_AT_LEAST: Final = 2_000
_PAYMENTS_A_MERCHANT: Final = 50
_LATEST_MS: Final = 4_000_000_000_000

_ID, _CARD, _TIME, _MERCHANT = "@id@", "@card@", 1_111_111_111_111, "@merchant@"


@dataclass(frozen=True)
class Phase:
    """Payments `start` to `end` of a run, evenly over event time from `start_ms` for `span_ms`."""

    name: str
    start: int
    end: int
    start_ms: int
    span_ms: int

    @property
    def count(self) -> int:
        """Number of payments."""
        return self.end - self.start


@dataclass(frozen=True)
class Plan:
    """Payments of one run, by number.

    `warm_up` payments of few other cards; `probes`; one of each of `cards`; `steady` ones spread
    evenly over all cards, which is the worst that a cache can meet; `probes` again. Every payment
    of the run has a number, which is its transaction_id. `hot_percent` of all are at one merchant.
    """

    cards: int
    steady: int
    warm_up: int
    probes: int
    hot_percent: int = 0
    merchants_at_least: int = MERCHANTS_AT_LEAST

    @cached_property
    def phases(self) -> dict[str, Phase]:
        """The phases by name, in their order: warm-up, probe, fill, steady, probe-full."""
        counts = {
            "warm-up": (self.warm_up, 20 * DAY_MS),
            "probe": (self.probes, DAY_MS // 24),
            "fill": (self.cards, 20 * DAY_MS),
            "steady": (self.steady, 5 * DAY_MS),
            "probe-full": (self.probes, DAY_MS // 24),
        }
        phases, at, at_ms = {}, 0, _START_MS
        for name, (count, span_ms) in counts.items():
            phases[name] = Phase(name, at, at + count, at_ms, span_ms)
            at, at_ms = at + count, at_ms + span_ms
        return phases

    @property
    def total(self) -> int:
        """Number of payments that the run sends in all."""
        return self.phases["probe-full"].end

    @property
    def merchants(self) -> int:
        """Number of merchants: more with more cards, so that theirs is not the state that grows."""
        return max(self.merchants_at_least, self.cards // _PAYMENTS_A_MERCHANT)

    @property
    def known_cards(self) -> int:
        """Number of cards that the job knows in the end."""
        return self.cards + min(WARM_CARDS, self.warm_up)

    def card_numbers(self, name: str) -> npt.NDArray[np.int64]:
        """Return the card of each payment of a phase."""
        phase = self.phases[name]
        if name in ("warm-up", "probe"):
            return self.cards + np.arange(phase.count, dtype=np.int64) % WARM_CARDS
        if name == "fill":
            return np.arange(phase.count, dtype=np.int64)
        return np.random.default_rng(phase.start).integers(0, self.cards, phase.count)


def transaction_id(number: int) -> str:
    """Return the transaction_id of the payment with a number.

    >>> transaction_id(7), number_of(transaction_id(7))
    ('p0000000007', 7)
    """
    return f"p{number:010d}"


def number_of(transaction_id: str) -> int:
    """Return the number of a payment by its transaction_id."""
    return int(transaction_id[1:])


def card_id(card: int) -> bytes:
    """Return the token of a card by its number."""
    return b"card-%09d" % card


def templates(count: int = TEMPLATES) -> list[bytes]:
    """Return payments of the world as formats for id, card, time and merchant."""
    return [_template(record.value, record.key) for record in Load().take_payments(count)]


def _template(value: bytes, key: bytes) -> bytes:
    payment = parse_transaction(value, key, _LATEST_MS)
    marked = msgspec.structs.replace(
        payment, transaction_id=_ID, card_id=_CARD, timestamp_ms=_TIME, merchant_id=_MERCHANT
    )
    text = encode_transaction(marked).replace(b"%", b"%%")
    # The fields stand in the order in which the encoder writes them.
    for mark, form in (
        (_ID, b"p%010d"),
        (_CARD, b"card-%09d"),
        (str(_TIME), b"%d"),
        (_MERCHANT, b"m-%08d"),
    ):
        text = text.replace(mark.encode(), form, 1)
    return text


def payments(plan: Plan, name: str, forms: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of each payment of a phase, in order of time."""
    phase, merchants, kinds = plan.phases[name], plan.merchants, len(forms)
    step_ms = phase.span_ms / max(1, phase.count)
    for number, card in enumerate(plan.card_numbers(name).tolist(), phase.start):
        at_ms = phase.start_ms + int((number - phase.start) * step_ms)
        # Knuth's multiplier scatters neighbours; any odd number of that size would do.
        hot = number * 2_654_435_761 % 100 < plan.hot_percent
        merchant = merchants if hot else card * 2_654_435_761 % merchants
        yield card_id(card), forms[card % kinds] % (number, card, at_ms, merchant)
