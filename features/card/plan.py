"""Where the card kernel writes: every slot of CARD_FEATURES, derived from the declaration."""

from typing import Final, NamedTuple

from features.catalogue import CARD_FEATURES, slot, slots
from features.kernels.compiled import SOURCES
from features.windows import CARD_WINDOWS_MS

_Slots = tuple[int, ...]


class CardPlan(NamedTuple):
    """Output slots; a tuple holds one for each of CARD_WINDOWS_MS, -1 where not declared.

    `sources` is the digest of this package: the plan is part of the key of the cached machine code.
    """

    sources: int
    amount: int
    amount_log: int
    hour: int
    night: int
    weekend: int
    high_risk: int
    category: int
    counts: _Slots
    sums: _Slots
    means: _Slots
    stds: _Slots
    maxima: _Slots
    merchants: _Slots
    cities: _Slots
    countries: _Slots
    ratio: int
    z: int
    outlier: int
    record: int
    max_ratio: int
    median: int
    median_ratio: int
    quartile_distance: int
    above_usual: int
    above_usual_share: int
    gap: int
    new_merchant: int
    new_device: int
    new_country: int
    city_share: int
    home: int
    distance: int
    speed: int
    travel: int


def _one(name: str) -> int:
    return slot(CARD_FEATURES, name)


def _each(aggregate: str) -> _Slots:
    return slots(CARD_FEATURES, aggregate, CARD_WINDOWS_MS)


CARD_PLAN: Final = CardPlan(
    sources=SOURCES,
    amount=_one("amount"),
    amount_log=_one("amount_log"),
    hour=_one("hour_of_day"),
    night=_one("is_night"),
    weekend=_one("is_weekend"),
    high_risk=_one("is_high_risk_category"),
    category=_one("category_group"),
    counts=_each("count"),
    sums=_each("sum"),
    means=_each("mean"),
    stds=_each("std"),
    maxima=_each("max"),
    merchants=_each("merchants"),
    cities=_each("cities"),
    countries=_each("countries"),
    ratio=_one("card_amount_to_mean_30d"),
    z=_one("card_amount_z_30d"),
    outlier=_one("card_amount_outlier_30d"),
    record=_one("card_amount_record_30d"),
    max_ratio=_one("card_amount_to_max_30d"),
    median=_one("card_usual_amount_30d"),
    median_ratio=_one("card_amount_to_usual_30d"),
    quartile_distance=_one("card_amount_in_quartiles_30d"),
    above_usual=_one("card_above_usual_14d"),
    above_usual_share=_one("card_above_usual_share_14d"),
    gap=_one("card_seconds_since_last"),
    new_merchant=_one("card_new_merchant_30d"),
    new_device=_one("card_new_device_30d"),
    new_country=_one("card_new_country_30d"),
    city_share=_one("card_city_share_30d"),
    home=_one("card_from_home_km"),
    distance=_one("card_distance_km"),
    speed=_one("card_speed_kmh"),
    travel=_one("card_impossible_travel"),
)
