"""The rule that the reader is held to: what it reads is what the ordinary way makes."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from events.card_data.scan import may_hold_card_data
from events.timestamps import is_milliseconds
from events.transaction import receive_transaction
from features.card.rows import packed
from features.money.rates import Rates
from features.money.shipped import SHIPPED
from features.plain.payments import (
    CARD,
    CURRENCY,
    MERCHANT,
    TRANSACTION,
    PlainPayments,
    Records,
)
from features.plain.reader import Reader
from features.tokens import payment_token
from tests.unit.events.samples import CARD as CARD_ID
from tests.unit.events.samples import NOW_MS

READER: Final = Reader(SHIPPED)

_AROUND: Final = b'"1{'
"""What stands between records: a reader that goes too far meets it."""


class Case(NamedTuple):
    """A record that may hold a payment."""

    value: bytes | None
    key: bytes | None = CARD_ID.encode()
    time_ms: int = NOW_MS


def written(fields: dict[str, Any], **tokens: str) -> bytes:
    """Return a payment without blanks; `tokens` are values as they stand in the JSON."""
    written = {name: json.dumps(value, ensure_ascii=False) for name, value in fields.items()}
    members = (f'"{name}":{token}' for name, token in (written | tokens).items())
    return f"{{{','.join(members)}}}".encode()


def records_of(cases: Iterable[Case]) -> Records:
    """Return records in one memory, with odd bytes between them."""
    memory, columns = bytearray(_AROUND), []
    for case in cases:
        column = [case.time_ms]
        for part in (case.key, case.value):
            column += [len(memory), -1 if part is None else len(part)]
            memory += (part or b"") + _AROUND
        columns.append(column)
    times, *places = np.array(columns, np.int64).reshape(-1, 5).T
    return Records(bytes(memory), times.copy(), *(place.copy() for place in places))


def read(cases: Sequence[Case], reader: Reader = READER, rates: Rates = SHIPPED) -> list[bool]:
    """Say which cases are plain, after each of these was held against the ordinary way."""
    made = reader.read(records_of(cases))
    for number, case in enumerate(cases):
        if made.is_plain[number]:
            _hold(case, made, number, rates)
    return [bool(plain) for plain in made.is_plain]


def is_plain(value: Any, **more: Any) -> bool:
    """Say whether one value is plain, after it was held against the ordinary way."""
    [plain] = read([Case(value, **more)])
    return plain


def _hold(case: Case, made: PlainPayments, number: int, rates: Rates) -> None:
    value = case.value
    assert value is not None
    payment, whole = receive_transaction(value, case.key, case.time_ms)
    assert whole is value
    assert made.rows[number].tobytes() == packed([payment], [0], rates)[0]
    assert made.minor[number] == payment.amount_minor
    assert made.who[number] == payment_token(payment.transaction_id, payment.card_id)
    texts = {
        TRANSACTION: payment.transaction_id,
        CARD: payment.card_id,
        MERCHANT: payment.merchant_id,
        CURRENCY: payment.currency,
    }
    for span, text in texts.items():
        at, size = made.spans[number, span]
        assert value[at : at + size] == text.encode()
    assert not may_hold_card_data(value, is_milliseconds(json.loads(value)["timestamp"]))
