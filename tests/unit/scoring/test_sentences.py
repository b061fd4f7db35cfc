"""A sentence names what is unusual with the value and the usual one; all else has no sentence."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from features.catalogue import FEATURE_NAMES, FEATURES
from features.declaration import Phrase
from scoring.reasons.codes import reason_code
from scoring.reasons.sentences import Speaker, is_beyond
from scoring.reasons.values import RowValues
from tests.unit.features.factories import payment
from tests.unit.scoring.rows import ORDINARY, PLACES, column, values_of

NAMED = {feature.name: feature for feature in FEATURES}


def _phrase(name: str, paid_minor: int = 5_000, /, **changes: float) -> Phrase | None:
    values = RowValues(values_of(**changes), PLACES, payment(amount_minor=paid_minor), "EUR")
    value = values.get(name)
    return None if value is None else Speaker(column(name)).evidence(value, values)


def _said(name: str, paid_minor: int = 5_000, /, **changes: float) -> tuple[float | None, str]:
    phrase = _phrase(name, paid_minor, **changes)
    assert phrase is not None
    return phrase.normal, phrase.sentence


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_whatever_the_value_a_sentence_is_sound_evidence(name: str) -> None:
    """Ordinary, zero, large, negative, and alone."""
    for value in (1.0, 0.0, 17.5, -2.0, 3e9):
        for others in (ORDINARY, {}):
            given = {**others, name: value}
            row = np.array([given.get(each, np.nan) for each in FEATURE_NAMES], dtype=np.float32)
            if name == "category_group" and not 0 <= value < 20:
                continue
            values = RowValues(row, PLACES, payment(), "EUR")
            known = values.get(name)
            phrase = None if known is None else Speaker(column(name)).evidence(known, values)
            if phrase is None:
                continue
            telling = NAMED[name].tell
            assert telling is not None
            assert is_beyond(telling.side, float(np.float32(value)), phrase.normal)
            assert re.fullmatch(r"[A-Z0-9-][^\n]*\.", phrase.sentence)
            assert not re.search(r"\b(nan|inf|None|unknown)\b", phrase.sentence)


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_a_label_says_the_value_in_its_unit(name: str) -> None:
    values = RowValues(values_of(**{name: 1.0}), PLACES, payment(), "EUR")
    label = Speaker(column(name)).label(values)
    assert label is not None and re.fullmatch(r"(the|an?|this card's) .+ \([^()]+\)", label)
    missing = RowValues(values_of(**{name: math.nan}), PLACES, payment(), "EUR")
    assert Speaker(column(name)).label(missing) is None


def test_no_known_city_is_a_missing_value() -> None:
    values = RowValues(values_of(card_cities_24h=0.0), PLACES, payment(), "EUR")
    assert Speaker(column("card_cities_24h")).label(values) is None


def test_velocity_is_told_against_the_cards_own_rate() -> None:
    """56 other payments in 30 days are 0.013 in ten minutes, and 1.9 in a day."""
    normal, sentence = _said("card_count_10m", card_count_10m=4.0)
    assert normal == pytest.approx(56 * 10 / (30 * 1440 - 10))
    assert sentence == (
        "This card made 4 payments in 10 minutes; its usual pace is 1.9 payments in 24 hours."
    )


def test_a_card_without_other_payments_is_told_against_typical_cards() -> None:
    normal, sentence = _said("card_count_24h", card_count_24h=6.0, card_count_30d=6.0)
    assert normal == 1.0
    assert sentence == "This card made 6 payments in 24 hours; a typical card makes 1."
    assert _phrase("card_count_24h", card_count_24h=3.0, card_count_30d=3.0) is None


@pytest.mark.parametrize("count", [1.0, 2.0, 3.0])
def test_a_count_near_its_rate_is_no_evidence(count: float) -> None:
    """60 payments in 30 days are 2 a day."""
    assert _phrase("card_count_24h", card_count_24h=count) is None


def test_an_amount_is_told_against_the_cards_own_mean() -> None:
    changes = {"amount": 500.0, "card_amount_to_mean_30d": 10.0, "card_amount_z_30d": 9.0}
    words = "The amount of 500.00 EUR is 10 times this card's usual amount of 50.00 EUR."
    assert _said("amount", 50_000, **changes) == (50.0, words)
    assert _said("card_amount_z_30d", 50_000, **changes) == (0.0, words)


def test_a_test_payment_is_told_by_its_small_amount() -> None:
    changes = {"amount": 1.0, "card_usual_amount_30d": 40.0, "card_amount_to_usual_30d": 0.025}
    words = "The amount of 1.00 EUR is far below this card's usual amount of 40.00 EUR."
    assert _said("card_amount_to_usual_30d", 100, **changes) == (1.0, words)


def test_a_payment_that_is_alone_in_its_window_is_told_by_its_amount() -> None:
    alone = {"amount": 2.0, "card_mean_1h": 2.0}
    words = "The amount of 2.00 EUR is far below this card's usual amount of 50.00 EUR."
    assert _said("card_mean_1h", 200, **alone) == (50.0, words)
    several = {"amount": 3.0, "card_mean_1h": 2.0}
    words = "The mean amount of this card in 1 hour is 2.00 EUR; its usual amount is 50.00 EUR."
    assert _said("card_mean_1h", 300, **several) == (50.0, words)


def test_a_merchant_is_told_against_its_own_rate() -> None:
    """58 other payments in 29 days are 2 a day; a merchant without others has no rate."""
    busy = {"merchant_count_24h": 12.0, "merchant_count_30d": 70.0}
    words = "This merchant took 12 payments in 24 hours; its usual pace is 2 payments in 24 hours."
    assert _said("merchant_count_24h", **busy) == (2.0, words)
    quiet = {"merchant_count_24h": 12.0, "merchant_count_30d": 12.0}
    assert _phrase("merchant_count_24h", **quiet) is None
    small = {"merchant_mean_24h": 2.0, "merchant_mean_30d": 40.0}
    words = (
        "The mean amount of this merchant in 24 hours is 2.00 EUR; its usual amount is 40.00 EUR."
    )
    assert _said("merchant_mean_24h", **small) == (40.0, words)


@pytest.mark.parametrize("ratio", [0.2, 1.0, 2.9])
def test_an_amount_within_the_cards_habits_is_no_evidence(ratio: float) -> None:
    changes = {"amount": 50.0 * ratio, "card_amount_to_mean_30d": ratio}
    assert _phrase("amount", **changes) is None
    assert _phrase("card_amount_to_mean_30d", **changes) is None


def test_a_first_payment_has_no_amount_to_differ_from() -> None:
    assert _phrase("amount", card_amount_to_mean_30d=math.nan) is None


def test_a_sum_is_told_against_the_cards_own_rate() -> None:
    normal, sentence = _said("card_sum_24h", card_sum_24h=900.0)
    assert normal == pytest.approx(2_100 / 29)
    words = "This card paid 900.00 EUR in 24 hours; its usual sum is 72.41 EUR in 24 hours."
    assert sentence == words
    assert _phrase("card_sum_24h", card_sum_24h=150.0) is None, "the rate and one payment"


def test_a_journey_is_told_by_its_speed() -> None:
    journey = {"card_speed_kmh": 4_000.0, "card_distance_km": 2_000.0}
    words = (
        "The payment is 2,000 km from this card's previous payment and 30 minutes later, a journey "
        "at 4,000 km/h; 100 km/h is usual."
    )
    assert _said("card_speed_kmh", **journey) == (100.0, words)
    assert _phrase("card_speed_kmh", card_speed_kmh=180.0, card_distance_km=3.0) is None
    slow = {"card_speed_kmh": 50.0, "card_distance_km": 600.0}
    assert _phrase("card_speed_kmh", **slow) is None
    normal, sentence = _said("card_distance_km", **slow)
    assert sentence.startswith("The payment is 600 km from this card's previous payment; a typical")
    assert normal is not None and normal < 600


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("is_night", 1.0, "The payment was made at night, between 03:00 and 04:00 UTC; most "),
        ("hour_of_day", 3.0, "The payment was made at night, between 03:00 and 04:00 UTC; most "),
        ("card_new_merchant_30d", 1.0, "This is the first payment of this card at this merchant "),
        ("card_new_device_30d", 1.0, "This is the first payment of this card from this device in "),
        ("card_new_country_30d", 1.0, "This is the first payment of this card in this country in "),
        ("card_merchants_24h", 9.0, "This card paid at 9 merchants in 24 hours; a typical card "),
        ("card_cities_24h", 3.0, "This card paid in 3 cities in 24 hours; a typical card pays in "),
        ("card_from_home_km", 1_234.0, "The payment is 1,234 km from where this card usually pays"),
        (
            "card_city_share_30d",
            0.1,
            "10% of this card's payments in 30 days were in this city; ",
        ),
        ("merchant_fraud_run", 3.0, "The last 3 payments at this merchant up to 7 days ago were "),
        ("merchant_fraud_run", 1.0, "The last payment at this merchant up to 7 days ago was fraud"),
        (
            "merchant_delayed_frauds_7d",
            1.0,
            "This merchant had 1 known fraud from 14 to 7 days ",
        ),
        (
            "merchant_delayed_fraud_share_24h",
            0.5,
            "50% of the payments at this merchant from 8 to ",
        ),
        ("merchant_days_since_fraud", 2.0, "The newest known fraud at this merchant is 2 days old"),
    ],
)
def test_sentences_say_what_is_unusual(name: str, value: float, words: str) -> None:
    assert _said(name, **{name: value})[1].startswith(words)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_weekend", 1.0),
        ("card_new_device_30d", math.nan),
        ("card_new_merchant_30d", 0.0),
        ("card_merchants_7d", 3.0),
        ("card_cities_24h", 0.0),
        ("card_from_home_km", 0.0),
        ("card_city_share_30d", 1.0),
        ("card_seconds_since_last", 200_000.0),
        ("card_usual_amount_30d", 200.0),
        ("merchant_count_30d", 4_000.0),
        ("merchant_delayed_count_30d", 0.0),
        ("merchant_delayed_frauds_7d", 0.0),
        ("merchant_days_since_fraud", 60.0),
        ("merchant_days_since_good", 9.0),
        ("merchant_fraud_run", 0.0),
    ],
)
def test_what_is_missing_usual_or_speaks_for_the_payment_has_no_sentence(
    name: str, value: float
) -> None:
    assert _phrase(name, **{name: value}) is None


@pytest.mark.parametrize(
    ("home", "clock"),
    [
        ({}, "UTC"),
        ({"home_country": "BV"}, "UTC"),
        ({"home_country": "PT"}, "in the cardholder's time zone"),
        ({"time_zone": "Asia/Kathmandu"}, "in the cardholder's time zone"),
    ],
)
def test_a_time_of_day_says_whose_clock_it_is(home: dict[str, Any], clock: str) -> None:
    """A customer who reads the hour has to know whether it is theirs."""
    values = RowValues(values_of(), PLACES, payment(**home), "EUR")
    speaker = Speaker(column("hour_of_day"))
    phrase = speaker.evidence(3.0, values)
    assert phrase is not None
    assert phrase.sentence == (
        f"The payment was made at night, between 03:00 and 04:00 {clock}; most payments are made "
        "by day."
    )
    assert len(phrase.sentence.split()) <= 25
    assert speaker.label(values) == f"the hour of the payment (03:00 {clock})"


def test_an_hour_by_day_is_no_evidence() -> None:
    assert _phrase("hour_of_day", hour_of_day=7.0, is_night=0.0) is None


def test_a_category_is_told_where_it_has_a_high_risk() -> None:
    risky = {"category_group": 26.0, "is_high_risk_category": 1.0}
    words = (
        "The merchant's category, crypto-currency, has a high risk of fraud; most payments go to "
        "other categories."
    )
    assert _said("category_group", **risky) == (None, words)
    assert _said("is_high_risk_category", **risky)[1] == words
    assert _phrase("category_group", category_group=1.0, is_high_risk_category=0.0) is None


def test_a_time_since_the_last_payment_is_told_where_it_is_short() -> None:
    normal, sentence = _said("card_seconds_since_last", card_seconds_since_last=86.0)
    assert normal == pytest.approx(12 * 3600)
    assert sentence == (
        "The payment follows this card's previous payment after 86 seconds; the usual time between "
        "its payments is 12 hours."
    )


def test_a_second_payment_is_told_against_the_times_of_all_cards() -> None:
    """One time between payments is no usual one."""
    second = {"card_seconds_since_last": 86.0, "card_count_30d": 2.0}
    normal, sentence = _said("card_seconds_since_last", **second)
    assert normal is not None and normal > 86.0
    assert sentence.startswith(
        "The payment follows this card's previous payment after 86 seconds; a typical time is "
    )
    hours = {"card_seconds_since_last": 7_200.0, "card_count_30d": 2.0}
    assert _phrase("card_seconds_since_last", **hours) is None


@pytest.mark.parametrize(
    ("share", "frauds", "words"),
    [
        (0.5, 1.0, "1 of 2 payments at this merchant from 14 to 7 days ago was fraud; a typical "),
        (
            0.3,
            3.0,
            "3 of 10 payments at this merchant from 14 to 7 days ago were fraud; a typical ",
        ),
        (1.0, 3.0, "All 3 payments at this merchant from 14 to 7 days ago were fraud; a typical "),
        (1.0, 1.0, "The only payment at this merchant from 14 to 7 days ago was fraud; a typical "),
    ],
)
def test_a_share_of_fraud_is_told_in_payments(share: float, frauds: float, words: str) -> None:
    known = {"merchant_delayed_fraud_share_7d": share, "merchant_delayed_frauds_7d": frauds}
    assert _said("merchant_delayed_fraud_share_7d", **known)[1].startswith(words)


def test_amounts_have_their_currency_and_its_decimals() -> None:
    yen, dinar = payment(amount_minor=1_500_000, currency="JPY"), payment(1, currency="KWD")
    values = RowValues(values_of(amount=8_420.5), PLACES, yen, "JPY")
    assert (values.paid(), values.money(1_234.5)) == ("1,500,000 JPY", "1,234 JPY")
    values = RowValues(values_of(amount=1.0), PLACES, dinar, "KWD")
    assert (values.paid(), values.money(0.5)) == ("1.000 KWD", "0.500 KWD")


def test_an_amount_in_another_currency_is_compared_in_the_reference_currency() -> None:
    yen = payment(amount_minor=15_000, currency="JPY")
    values = RowValues(values_of(amount=84.2, card_amount_to_usual_30d=11.08), PLACES, yen, "EUR")
    assert (values.paid(), values.money(1_234.5)) == ("15,000 JPY (84.20 EUR)", "1,234.50 EUR")
    values = RowValues(
        values_of(amount=92.1, card_usual_amount_30d=7.6, card_amount_to_usual_30d=12.118),
        PLACES,
        yen,
        "EUR",
    )
    phrase = Speaker(column("card_amount_to_usual_30d")).evidence(12.118, values)
    assert phrase is not None and phrase.sentence == (
        "The amount of 15,000 JPY (92.10 EUR) is 12 times this card's usual amount of 7.60 EUR."
    )


MISSING = {f.name: math.nan for f in FEATURES if f.unit in ("major", "log major", "ratio")}
WITHOUT_A_RATE = MISSING | {
    "card_amount_z_30d": math.nan,
    "card_amount_outlier_30d": math.nan,
    "card_amount_record_30d": math.nan,
    "card_amount_in_quartiles_30d": math.nan,
}


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_without_a_rate_no_sentence_speaks_of_the_amount(name: str) -> None:
    given = WITHOUT_A_RATE | {"card_usual_amount_30d": 20.0, "card_above_usual_14d": 9.0}
    values = RowValues(values_of(**given), PLACES, payment(currency="XOF"), "EUR")
    assert values.paid() == "1,000 XOF"
    known = values.get(name)
    phrase = None if known is None else Speaker(column(name)).evidence(known, values)
    assert phrase is None or "XOF" not in phrase.sentence


def test_large_payments_are_told_against_other_cards() -> None:
    given = {"card_usual_amount_30d": 20.0, "card_above_usual_14d": 9.0}
    assert _said("card_above_usual_14d", **given)[1] == (
        "This card made 9 payments in 14 days above 50.00 EUR; its usual amount is 20.00 EUR."
    )
    given = {"card_usual_amount_30d": 20.0, "card_above_usual_share_14d": 0.4}
    assert _said("card_above_usual_share_14d", **given)[1] == (
        "40% of this card's payments in 14 days were above 50.00 EUR; its usual amount is 20.00 "
        "EUR."
    )


def test_the_largest_amount_is_told_against_the_largest_before() -> None:
    words = "The amount of 90.00 EUR is above this card's largest earlier amount of 60.00 EUR in "
    given = {"amount": 90.0, "card_amount_to_max_30d": 1.5}
    assert _said("card_amount_to_max_30d", 9_000, **given)[1].startswith(words)


@pytest.mark.parametrize(("value", "is_told"), [(-3.25, True), (900.0, True), (30.0, False)])
def test_an_attribute_is_told_by_its_name_where_it_is_rare(value: float, is_told: bool) -> None:
    """What a payment carries beside its fields has no declaration; 1 in 20 lies on either side."""
    places = {**PLACES, "attributes.V1": len(PLACES)}
    row = np.append(values_of(), np.float32(value))
    speaker = Speaker(column("attributes.V1"))
    phrase = speaker.evidence(value, RowValues(row, places, payment(), "EUR"))
    words = Phrase(2.0, f"V1 is {value:.4g}; its usual value is 2.")
    assert phrase == (words if is_told else None)
    assert speaker.label(RowValues(row, places, payment(), "EUR")) == f"V1 ({value:.4g})"
    assert reason_code("attributes.V1") == "attribute"
