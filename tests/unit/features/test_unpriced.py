"""Payments whose currency has no rate: they count, and nothing that needs an amount knows them."""

import numpy as np
import pytest

from features.catalogue import CARD_FEATURES, MERCHANT_FEATURES, slot
from features.money.rates import Rates
from features.windows import (
    DAY_MS,
    HOUR_MS,
    LABEL_DELAY_MS,
    MAX_CARD_EVENTS,
    MAX_MERCHANT_ROWS,
    SECOND_MS,
)
from tests.unit.features.factories import NOON_MS, RATES, label, payment
from tests.unit.features.singly import AtCard, AtMerchant, pay_at, pay_by, tell_at

T = NOON_MS
AMOUNTS = [f.name for f in CARD_FEATURES if f.unit in ("major", "log major", "ratio")]


def of_card(step: AtCard, name: str) -> float:
    return float(step.values[slot(CARD_FEATURES, name)])


def of_merchant(step: AtMerchant, name: str) -> float:
    return float(step.values[slot(MERCHANT_FEATURES, name)])


def test_its_own_amount_is_not_known_and_what_earlier_payments_say_is() -> None:
    state = pay_by(None, payment(T, amount_minor=2_000)).state
    step = pay_by(state, payment(T + HOUR_MS, currency="XOF"))
    assert step.no_rate and step.accepted
    known = {name for name in AMOUNTS if not np.isnan(of_card(step, name))}
    assert known == {"card_usual_amount_30d"} and of_card(step, "card_usual_amount_30d") == 20
    assert of_card(step, "card_count_24h") == 2 and of_card(step, "card_seconds_since_last") == 3600


@pytest.mark.parametrize("count", [40, 3 * MAX_CARD_EVENTS], ids=["in rows", "in buckets too"])
def test_a_later_payment_counts_it_and_adds_up_the_others(count: int) -> None:
    """Every third payment has no rate: as if the others were all, but for the counts.

    The window of ten minutes is left out, whose edge cuts other buckets.
    """
    state, priced, of_priced = None, None, 0
    for i in range(count):
        one = payment(T + i * SECOND_MS, i, amount_minor=1_000 + i % 7, currency=currency(i))
        state = pay_by(state, one).state
        if currency(i) == "EUR":
            priced, of_priced = pay_by(priced, one).state, of_priced + 1
    last = payment(T + count * SECOND_MS, "last", amount_minor=5_000)
    step, without = pay_by(state, last), pay_by(priced, last)
    assert of_card(step, "card_count_24h") == count + 1
    assert of_card(without, "card_count_24h") == of_priced + 1
    for name in ("card_std_24h", *(one for one in AMOUNTS if "10m" not in one)):
        np.testing.assert_allclose(of_card(step, name), of_card(without, name), rtol=1e-6)
    assert of_card(step, "card_amount_z_30d") == pytest.approx(
        of_card(without, "card_amount_z_30d"), rel=1e-5
    )


def currency(i: int) -> str:
    return "XOF" if i % 3 == 1 else "EUR"


def test_a_card_that_never_had_a_rate_has_counts_alone() -> None:
    state = None
    for i in range(2 * MAX_CARD_EVENTS):
        step = pay_by(state, payment(T + i * SECOND_MS, i, currency="XOF"))
        state = step.state
    step = pay_by(state, payment(T + DAY_MS // 2, amount_minor=700))
    assert of_card(step, "card_count_24h") == 2 * MAX_CARD_EVENTS + 1
    assert of_card(step, "card_sum_24h") == of_card(step, "card_mean_24h") == 7
    assert np.isnan(of_card(step, "card_amount_to_mean_30d"))
    assert not np.isinf(step.values).any()


def test_a_merchants_bucket_takes_the_mean_of_its_known_amounts() -> None:
    """Amounts are equal within a bucket, so that its mean is known; counts are those of all."""
    state = None
    for i in range(MAX_MERCHANT_ROWS + 1):
        one = payment(T + i * SECOND_MS, i, amount_minor=1_000, currency=currency(i))
        state = pay_at(state, one).state
    step = pay_at(state, payment(T + 2 * HOUR_MS, "last", amount_minor=1_000))
    assert step.compacted and of_merchant(step, "merchant_count_24h") == MAX_MERCHANT_ROWS + 2
    assert of_merchant(step, "merchant_mean_24h") == 10
    assert of_merchant(step, "merchant_amount_to_mean_30d") == 1


def test_a_merchants_bucket_without_a_known_amount_has_no_sum() -> None:
    state = None
    for i in range(MAX_MERCHANT_ROWS + 1):
        state = pay_at(state, payment(T + i * SECOND_MS, i, currency="XOF")).state
    step = pay_at(state, payment(T + 2 * HOUR_MS, "last", amount_minor=1_000))
    assert of_merchant(step, "merchant_count_24h") == MAX_MERCHANT_ROWS + 2
    assert of_merchant(step, "merchant_mean_24h") == 10
    assert np.isnan(of_merchant(step, "merchant_amount_to_mean_30d"))


def test_a_run_of_frauds_has_no_smallest_amount_where_none_is_known() -> None:
    state = pay_at(None, payment(T, currency="XOF")).state
    state = tell_at(state, label(T)).state
    step = pay_at(state, payment(T + LABEL_DELAY_MS))
    assert of_merchant(step, "merchant_fraud_run") == 1
    assert np.isnan(of_merchant(step, "merchant_fraud_run_least_amount"))


def later(rates: Rates) -> Rates:
    """Return rates of another day, on which everything costs a fifth more euros."""
    published = {code: str(float(rate) * 0.8) for code, rate in rates.published.items()}
    return Rates(rates.reference, rates.base, rates.day, rates.source, published)


@pytest.mark.parametrize("code", ["JPY", "EUR", "XOF"])
def test_a_repeat_is_a_repeat_after_new_rates(code: str) -> None:
    state = pay_by(None, payment(T, "x", currency=code), RATES).state
    again = pay_by(state, payment(T, "x", currency=code), later(RATES))
    assert again.repeated
    other = pay_by(state, payment(T, "x", currency=code, amount_minor=1), later(RATES))
    assert other.differing == ("amount with currency",)
    moved = pay_by(state, payment(T + 1, "x", currency=code), later(RATES))
    assert moved.differing == ("timestamp",)


def test_a_rate_that_comes_later_does_not_change_what_was_stored() -> None:
    state = pay_by(None, payment(T, 1, currency="XOF"), RATES).state
    with_rate = Rates("EUR", "EUR", RATES.day, "a test", {**RATES.published, "XOF": "655.957"})
    step = pay_by(state, payment(T + 1, 2, amount_minor=656, currency="XOF"), with_rate)
    assert not step.no_rate and of_card(step, "card_sum_24h") == pytest.approx(656 / 655.957)
