"""Payments as rows of numbers, which is how the merchant's kernel is given them.

A row is words of 8 bytes: see PAID_*.
"""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final

import numpy as np

from events.transaction import Transaction
from features.kernels.batch import Words
from features.money.rates import Rates
from features.tokens import payment_token

PAID_KEY: Final = 0  # the number of the merchant in the batch
PAID_TIME: Final = 1
PAID_AMOUNT: Final = 2  # in units of the reference currency
PAID_WHO: Final = 3  # what labels find the payment by
PAID_WORDS: Final = 4

_pack: Final = Struct(f"<{PAID_WORDS}q").pack


def packed(payments: Iterable[Transaction], keys: Iterable[int], rates: Rates) -> list[bytes]:
    """Return the row of each payment; `keys` are the numbers of their merchants."""
    amount_of = rates.amount
    return [
        _pack(
            key,
            payment.timestamp_ms,
            amount_of(payment.amount_minor, payment.currency),
            payment_token(payment.transaction_id, payment.card_id),
        )
        for key, payment in zip(keys, payments, strict=True)
    ]


def rows_of(payments: Sequence[Transaction], keys: Sequence[int], rates: Rates) -> Words:
    """Return the rows of `packed` as int64[n, PAID_WORDS]."""
    rows = np.frombuffer(b"".join(packed(payments, keys, rates)), np.int64)
    return rows.reshape(len(payments), PAID_WORDS)
