"""Payments and labels one at a time, with the state before and after as values."""

from __future__ import annotations

from msgspec.structs import astuple

from events.label import Label
from events.transaction import Transaction
from features.card import transition as card
from features.card.transition import CardStep
from features.merchant import transition as merchant
from features.merchant.transition import LabelStep, MerchantStep
from features.money.rates import Rates
from features.money.shipped import SHIPPED

_KEY = "the only one"


class AtCard(CardStep, frozen=True, kw_only=True):
    """A card's step, and the card's state after it."""

    state: bytes


class AtMerchant(MerchantStep, frozen=True, kw_only=True):
    """A merchant's step, and the merchant's state after it."""

    state: bytes


def pay_by(state: bytes | None, payment: Transaction, rates: Rates = SHIPPED) -> AtCard:
    """Take one payment to the card with a state; None is a new card."""
    states = {} if state is None else {_KEY: state}
    (step,) = card.advance([payment], [_KEY], states, rates)
    return AtCard(*astuple(step), state=states[_KEY])


def pay_at(state: bytes | None, payment: Transaction, rates: Rates = SHIPPED) -> AtMerchant:
    """Take one payment to the merchant with a state; None is a new merchant."""
    states = {} if state is None else {_KEY: state}
    (step,) = merchant.advance([payment], [_KEY], states, rates)
    return AtMerchant(*astuple(step), state=states[_KEY])


def tell_at(state: bytes | None, label: Label, rates: Rates = SHIPPED) -> LabelStep:
    """Take one label to the merchant with a state; None is a new merchant."""
    return merchant.learn(state, label, rates)
