"""Reason codes stay what they are: systems of customers match on them."""

import re
from pathlib import Path
from typing import Final

import pytest

from features.catalogue import FEATURES
from scoring.reasons.codes import ATTRIBUTE, COMBINATION, reason_code

PAGE: Final = Path(__file__).parents[3] / "docs" / "alerts.md"

CODES: Final = {
    "amount_vs_own_normal": [
        "amount",
        "amount_log",
        "card_amount_to_mean_30d",
        "card_amount_z_30d",
        "card_amount_outlier_30d",
        "card_amount_record_30d",
        "card_amount_to_max_30d",
        "card_amount_to_usual_30d",
        "card_amount_in_quartiles_30d",
    ],
    "time_of_day": ["hour_of_day", "is_night", "is_weekend"],
    "merchant_category": ["is_high_risk_category", "category_group"],
    "velocity": [
        "card_count_10m",
        "card_count_1h",
        "card_count_24h",
        "card_count_7d",
        "card_count_30d",
        "card_seconds_since_last",
    ],
    "spending": [
        "card_sum_10m",
        "card_sum_1h",
        "card_sum_24h",
        "card_sum_7d",
        "card_sum_30d",
        "card_mean_10m",
        "card_mean_1h",
        "card_mean_24h",
        "card_mean_7d",
        "card_mean_30d",
        "card_std_10m",
        "card_std_1h",
        "card_std_24h",
        "card_std_7d",
        "card_std_30d",
        "card_max_10m",
        "card_max_1h",
        "card_max_24h",
        "card_max_7d",
        "card_max_30d",
        "card_usual_amount_30d",
    ],
    "large_payments": ["card_above_usual_14d", "card_above_usual_share_14d"],
    "many_places": [
        "card_merchants_24h",
        "card_merchants_7d",
        "card_merchants_30d",
        "card_cities_24h",
        "card_cities_7d",
        "card_cities_30d",
        "card_countries_24h",
        "card_countries_7d",
        "card_countries_30d",
        "card_city_share_30d",
    ],
    "new_merchant": ["card_new_merchant_30d"],
    "new_device": ["card_new_device_30d"],
    "new_country": ["card_new_country_30d"],
    "far_from_home": ["card_from_home_km"],
    "travel": ["card_distance_km", "card_speed_kmh", "card_impossible_travel"],
    "merchant_activity": [
        "merchant_count_1h",
        "merchant_count_24h",
        "merchant_count_7d",
        "merchant_count_30d",
        "merchant_mean_1h",
        "merchant_mean_24h",
        "merchant_mean_7d",
        "merchant_mean_30d",
        "merchant_delayed_count_24h",
        "merchant_delayed_count_7d",
        "merchant_delayed_count_30d",
    ],
    "amount_vs_merchant_normal": ["merchant_amount_to_mean_30d"],
    "merchant_risk": [
        "merchant_delayed_frauds_24h",
        "merchant_delayed_frauds_7d",
        "merchant_delayed_frauds_14d",
        "merchant_delayed_frauds_30d",
        "merchant_delayed_frauds_60d",
        "merchant_delayed_fraud_share_24h",
        "merchant_delayed_fraud_share_7d",
        "merchant_delayed_fraud_share_14d",
        "merchant_delayed_fraud_share_30d",
        "merchant_delayed_fraud_share_60d",
        "merchant_days_since_fraud",
        "merchant_days_since_good",
        "merchant_fraud_run",
        "merchant_fraud_run_days",
        "merchant_fraud_run_least_amount",
    ],
}
"""The code of each feature. A new feature needs no line here, and a line is never changed."""


@pytest.mark.parametrize("code", CODES)
def test_a_feature_keeps_its_code(code: str) -> None:
    assert {reason_code(name) for name in CODES[code]} == {code}


def test_an_attribute_of_the_payment_has_the_code_of_attributes() -> None:
    assert reason_code("attributes.V1") == "attribute"


def test_the_page_on_alerts_lists_every_code_with_its_sides() -> None:
    """In the order of the features."""
    sides: dict[str, set[str]] = {}
    for feature in FEATURES:
        sides.setdefault(feature.reason, set()).update({feature.tell.side} if feature.tell else ())
    sides |= {ATTRIBUTE: {"either"}, COMBINATION: {"-"}}
    rows = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ([^|]+) \|$", _codes_section(), re.MULTILINE)
    assert [(code, set(said.split(", "))) for code, said in rows] == list(sides.items())


def _codes_section() -> str:
    return PAGE.read_text(encoding="utf-8").partition("\n## Codes\n")[2]
