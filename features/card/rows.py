"""Payments as rows of numbers, which is how the card's kernel is given them.

Python looks up and hashes the texts of a payment. A row is words of 8 bytes: see ROW_*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Final

import numpy as np

from features.kernels.batch import Words
from features.payment.measure import LOOKED_UP, numbers_of, offset_ms_of
from features.tokens import currency_number, id_token, small_token, ten_thousandths, wide_token

if TYPE_CHECKING:
    from events.transaction import Transaction
    from features.money.rates import Rates

PAID_KEY: Final = 0  # the number of the card in the batch
PAID_TIME: Final = 1
PAID_ID: Final = 2
PAID_PAID: Final = 3  # in the payment's own currency
PAID_CURRENCY: Final = 4
PAID_AMOUNT: Final = 5  # in units of the reference currency
PAID_MERCHANT: Final = 6
PAID_CITY: Final = 7
PAID_DEVICE: Final = 8
PAID_COUNTRY: Final = 9
PAID_LAT: Final = 10  # float64, as all that follow
PAID_LON: Final = 11
PAID_LOOKED: Final = 12  # the home's offset, then the numbers of the category
PAID_WORDS: Final = PAID_LOOKED + LOOKED_UP

_pack: Final = Struct(f"<{PAID_LAT}q3d").pack
_NAN: Final = float("nan")


def packed(payments: Iterable[Transaction], keys: Iterable[int], rates: Rates) -> list[bytes]:
    """Return the row of each payment; `keys` are the numbers of their cards."""
    amount_of = rates.amount
    return [
        _pack(
            key,
            payment.timestamp_ms,
            id_token(payment.transaction_id),
            ten_thousandths(payment.amount_minor, payment.currency),
            currency_number(payment.currency),
            amount_of(payment.amount_minor, payment.currency),
            wide_token(payment.merchant_id),
            small_token(payment.city),
            small_token(payment.device_id),
            small_token(payment.country),
            _NAN if payment.lat is None else payment.lat,
            _NAN if payment.lon is None else payment.lon,
            offset_ms_of(payment),
        )
        + numbers_of(payment)
        for key, payment in zip(keys, payments, strict=True)
    ]


def rows_of(payments: Sequence[Transaction], keys: Sequence[int], rates: Rates) -> Words:
    """Return the rows of `packed` as int64[n, PAID_WORDS]."""
    rows = np.frombuffer(b"".join(packed(payments, keys, rates)), np.int64)
    return rows.reshape(len(payments), PAID_WORDS)
