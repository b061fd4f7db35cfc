"""Batches of plain payments, read by the ordinary functions, and what the card made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from hypothesis import strategies as st

from events.money import EXPONENTS, format_amount
from events.timestamps import EARLIEST_MS, LATEST_MS, MAX_AHEAD_MS
from events.transaction import receive_transaction
from features.card.rows import PAID_WORDS
from features.card.rows import packed as card_rows
from features.card.transition import CardStep
from features.catalogue import CARD_FEATURES
from features.money.shipped import SHIPPED
from features.plain.payments import PlainPayments, Records
from features.tokens import payment_token
from scoring.messages import ScoringRequest
from scoring.path import payment_path
from scoring.plain.hand_over import packed
from scoring.plain.hand_over_kernels import Values
from scoring.plain.layout import mask_of
from scoring.plain.text import Words
from scoring.steps import first_request
from tests.unit.events.samples import NOW_MS

PATH: Final = payment_path(SHIPPED)
PLAIN: Final = (
    b'{"transaction_id":"t1","card_id":"c1","timestamp":1714564799000,'
    b'"amount":12.34,"currency":"EUR","merchant_id":"m1"}'
)
"""A plain payment."""

_SPAN_FIELDS: Final = ("transaction_id", "card_id", "merchant_id", "currency")
_SPECIAL: Final = np.array(
    [np.nan, 0.0, -0.0, 1.0, 1e-45, 1e-38, 3.4028235e38, -3.4028235e38, 1e16, 1e-5, 0.1, 16777216],
    np.float32,
)


class Paid(NamedTuple):
    """A record with a payment, and what its card made of the payment."""

    value: bytes
    record_ms: int
    odd_record_time: bool = False
    late: bool = False
    compacted: bool = False
    sequence: int = 1
    partition: int = 0
    offset: int = 0

    @property
    def card(self) -> bytes:
        """The key of the record."""
        at, size = spans_of(self.value)[_SPAN_FIELDS.index("card_id")]
        return self.value[at : at + size]


class Batch(NamedTuple):
    """Payments as the ordinary functions hand them on, and as compiled code is given them."""

    requests: list[ScoringRequest]
    records: Records
    payments: PlainPayments
    values: Values

    def packed(self, chosen: Sequence[int] | None = None) -> list[bytes]:
        """Return the hand-overs of all payments, or of those at some places."""
        columns = [
            (one.sequences["card"], mask_of(one.flags), one.received_ms, one.partition, one.offset)
            for one in self.requests
        ]
        sequences, flags, received_ms, partitions, offsets = np.array(columns, np.int64).T
        places = np.arange(len(self.requests)) if chosen is None else np.array(chosen, np.int64)
        made = packed(
            self.records,
            self.payments,
            self.values,
            sequences,
            flags,
            received_ms,
            partitions,
            offsets,
            places,
        )
        return [*made]


def batch_of(paid: Sequence[Paid], seed: int = 0) -> Batch:
    """Return payments as a batch, with random features."""
    values = random_values(len(paid), len(CARD_FEATURES), seed)
    received = [receive_transaction(one.value, one.card, one.record_ms) for one in paid]
    payments = [payment for payment, _ in received]
    rows = b"".join(card_rows(payments, [0] * len(paid), SHIPPED))
    whole = np.frombuffer(rows, np.int64).reshape(-1, PAID_WORDS).copy()
    requests = [
        first_request(
            PATH,
            received[place],
            CardStep(
                values[place],
                one.sequence,
                one.late,
                one.compacted,
                no_rate=SHIPPED.amount(1, payments[place].currency) < 0,
            ),
            one.record_ms,
            odd_record_time=one.odd_record_time,
            place=(one.partition, one.offset),
        )
        for place, one in enumerate(paid)
    ]
    plain = PlainPayments(
        np.ones(len(paid), np.bool_),
        whole,
        np.array([payment.amount_minor for payment in payments], np.int64),
        np.array([payment_token(one.transaction_id, one.card_id) for one in payments], np.int64),
        np.array([spans_of(one.value) for one in paid], np.int64),
    )
    return Batch(requests, _records(paid), plain, values)


def _records(paid: Sequence[Paid]) -> Records:
    """Return the records with bytes of others before, between and behind them."""
    memory, places = b"#", []
    for one in paid:
        places.append(len(memory))
        memory += one.value + b"#" * (1 + len(one.value) % 3)
    none = np.full(len(paid), -1, np.int64)
    sizes = np.array([len(one.value) for one in paid], np.int64)
    times = np.array([one.record_ms for one in paid], np.int64)
    return Records(memory, times, none, none, np.array(places, np.int64), sizes)


def spans_of(value: bytes) -> list[tuple[int, int]]:
    """Return place and bytes of the four texts in a payment's JSON."""
    found = []
    for name in _SPAN_FIELDS:
        match = re.search(rb'"%s"\s*:\s*"([^"]*)"' % name.encode(), value)
        assert match is not None
        found.append((match.start(1), len(match[1])))
    return found


def random_values(n: int, width: int, seed: int) -> Values:
    """Return float32[n, width] of all sizes, without an infinity."""
    chance = np.random.default_rng(seed)
    bits = chance.integers(0, 2**32, (n, width), dtype=np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    values[np.isinf(values)] = 0.5
    counts = chance.integers(0, 1000, (n, width)).astype(np.float32)
    kind = chance.integers(0, 3, (n, width))
    special = chance.choice(_SPECIAL, (n, width))
    return np.select([kind == 0, kind == 1], [values, counts], special).astype(np.float32)


def random_words(n: int, seed: int, most: int = 2**53) -> Words:
    """Return int64[n] from 0 to a greatest number, of all lengths."""
    chance = np.random.default_rng(seed)
    return chance.integers(0, most + 1, n) >> chance.integers(0, most.bit_length(), n)


_TEXT: Final = st.text(st.sampled_from("abcXYZ-_./ :,{}[]äß€😀\x7f'"), min_size=1, max_size=128)
_OPTIONAL: Final = st.fixed_dictionaries(
    {},
    optional={
        "merchant_category": st.sampled_from(["5411", "7995", "no category"]),
        "city": _TEXT,
        "device_id": _TEXT,
        "country": st.sampled_from(["DE", "FR"]),
        "home_country": st.sampled_from(["DE", "JP"]),
        "attributes": st.just({"V1": -1.5}),
    },
)


@st.composite
def paid(draw: st.DrawFn) -> Paid:
    """Draw a record with a plain payment."""
    odd = draw(st.booleans())
    record_ms = draw(st.sampled_from([-1, 1_714_564_800, 2**62])) if odd else NOW_MS
    latest_ms = LATEST_MS if odd else record_ms + MAX_AHEAD_MS
    currency = draw(st.sampled_from(sorted(EXPONENTS)))
    minor = draw(st.integers(0, 10 ** draw(st.integers(1, 12)) - 1))  # 13 may be a card number
    fields: dict[str, Any] = {
        "transaction_id": draw(_TEXT),
        "card_id": draw(_TEXT),
        "merchant_id": draw(_TEXT),
        "currency": currency,
        "timestamp": draw(st.integers(EARLIEST_MS, latest_ms)),
        "amount": format_amount(minor, EXPONENTS[currency]),
    }
    fields |= draw(_OPTIONAL)
    order = draw(st.permutations(sorted(fields)))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    shuffled = {name: fields[name] for name in order}
    text = json.dumps(shuffled, separators=separators, ensure_ascii=False)  # no text is escaped
    return Paid(
        text.encode(),
        record_ms,
        odd,
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.integers(1, 2**53)),
        draw(st.integers(0, 2**31 - 1)),
        draw(st.integers(0, 2**62)),
    )


@st.composite
def batches(draw: st.DrawFn, most: int = 100) -> Batch:
    """Draw a batch: some payments, again and again, each time with other features."""
    few = draw(st.lists(paid(), min_size=1, max_size=4))
    n = draw(st.integers(1, most))
    return batch_of([few[i % len(few)] for i in range(n)], draw(st.integers(0, 2**32)))
