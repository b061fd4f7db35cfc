"""The features of a payment alone; features/catalogue.py says what the words mean."""

from functools import partial
from typing import Final

from features.declaration import above, either, one, present
from features.payment import words

VERSION: Final = 3
"""Raise by one when a feature of this catalogue comes, goes, or has other values."""

OWN_NORMAL: Final = "amount_vs_own_normal"
"""Code of what sets the amount against the card's other amounts."""

_TIME_OF_DAY: Final = "time_of_day"
_CATEGORY: Final = "merchant_category"
_AT_HOME: Final = "in the cardholder's home time zone, UTC where none is known"

_payment: Final = partial(one, "payment")

DECLARED: Final = (
    _payment(
        "amount",
        "amount",
        "major",
        "Amount of the payment in the reference currency.",
        label="the amount",
        reason=OWN_NORMAL,
        tell=either(words.amount),
    ),
    _payment(
        "amount_log",
        "amount_log",
        "log major",
        "Natural logarithm of 1 plus the amount in the reference currency.",
        label="the amount",
        reason=OWN_NORMAL,
        tell=either(words.amount),
    ),
    _payment(
        "hour",
        "hour_of_day",
        "hour",
        f"Hour of the payment {_AT_HOME}, from 0 to 23.",
        label="the hour of the payment",
        reason=_TIME_OF_DAY,
        tell=present(words.hour),
    ),
    _payment(
        "night",
        "is_night",
        "0/1",
        f"1 if the payment's hour is 0 to 6 {_AT_HOME}, else 0.",
        label="a payment at night",
        reason=_TIME_OF_DAY,
        tell=above(words.hour),
    ),
    _payment(
        "weekend",
        "is_weekend",
        "0/1",
        f"1 if the payment is on a Saturday or Sunday {_AT_HOME}, else 0.",
        label="a payment at a weekend",
        reason=_TIME_OF_DAY,
    ),
    _payment(
        "high_risk",
        "is_high_risk_category",
        "0/1",
        "1 if the merchant category is a risky one, else 0; 0 without a category.",
        label="a merchant category of high risk",
        reason=_CATEGORY,
        tell=above(words.category),
    ),
    _payment(
        "category",
        "category_group",
        "group",
        "Group of the merchant category, as a number; 0 for no group, NaN without a category.",
        label="the merchant's category",
        reason=_CATEGORY,
        tell=present(words.category),
    ),
)
"""The payment's features in the order of the vector; the card's kernel writes them."""
