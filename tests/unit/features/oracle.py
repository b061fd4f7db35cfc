"""The features of a card once more, from their definitions: keep everything, recount all.

Amounts are exact fractions of the reference currency, rounded once to its unit. Sets are sets of
names, windows are comparisons. Nothing is packed, hashed, running or shared with the code under
test but the lengths of the windows.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from fractions import Fraction
from importlib import resources
from zoneinfo import ZoneInfo

from events.transaction import Transaction
from features.windows import (
    ABOVE_NORMAL_FACTOR,
    ABOVE_NORMAL_MS,
    ALLOWED_LATENESS_MS,
    CARD_HISTORY_MS,
    CARD_WINDOWS_MS,
    DAY_MS,
    DEDUPE_HORIZON_MS,
    DISTINCT_WINDOWS_MS,
    HOME_PAYMENTS,
    HOME_STEP_KM,
    USUAL_PAYMENTS,
    window_name,
)

Values = dict[str, float]
NAN = math.nan
MONTH_MS = 30 * DAY_MS


MINOR_UNITS = {"EUR": 100, "USD": 100, "JPY": 1, "KWD": 1_000, "CLF": 10_000, "XOF": 1}
"""Minor units in the major unit of the tests' currencies, by hand."""

EUROS = {
    "EUR": Fraction(1),
    "USD": Fraction(4, 5),
    "JPY": Fraction(2, 321),
    "KWD": Fraction(1_000, 347),
    "CLF": Fraction(10_000, 263),
}
"""Euros in a major unit by `factories.RATES`, by hand; XOF has no rate."""

UNITS = 10**8
"""Units in a euro."""


def root(square: Fraction) -> float:
    """Return a square root that is good to a float even where the square is not one."""
    return math.isqrt(int(square * 2**80)) / 2**40


def mean_of(amounts: Sequence[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0)) / len(amounts)


def variance_of(amounts: Sequence[Fraction]) -> Fraction:
    mean = mean_of(amounts)
    return mean_of([(amount - mean) ** 2 for amount in amounts])


def deviation_of(amounts: Sequence[Fraction]) -> float:
    return root(variance_of(amounts))


def is_outlier(amount: Fraction, others: Sequence[Fraction]) -> float:
    """Tell exactly whether an amount is more than three deviations above the mean of others."""
    above = amount - mean_of(others)
    return float(above > 0 and above**2 > 9 * variance_of(others))


def paid(payment: Transaction) -> Fraction:
    return Fraction(payment.amount_minor, MINOR_UNITS[payment.currency])


def rounded(number: Fraction) -> int:
    """Round to a whole number, half up."""
    return math.floor(number + Fraction(1, 2))


def amount_of(payment: Transaction) -> Fraction | None:
    """Return an amount in euros, None without a rate.

    It is a whole number of units, or beyond 2**44 units of the least ten, hundred, thousand and so
    on of them that leaves fewer than 2**44.
    """
    if payment.currency not in EUROS:
        return None
    units = rounded(paid(payment) * EUROS[payment.currency] * UNITS)
    step = 1
    while rounded(Fraction(units, step)) >= 2**44:
        step *= 10
    return Fraction(rounded(Fraction(units, step)) * step, UNITS)


def amounts_of(payments: Iterable[Transaction]) -> list[Fraction]:
    """Return the amounts that are known."""
    return [amount for p in payments if (amount := amount_of(p)) is not None]


def content_of(payment: Transaction) -> dict[str, object]:
    """Return what makes another payment under the same id."""
    return {
        "timestamp": payment.timestamp_ms,
        "amount with currency": (paid(payment), payment.currency),
        "merchant_id": payment.merchant_id,
    }


def within(payments: Iterable[Transaction], t: int, window_ms: int) -> list[Transaction]:
    return [p for p in payments if t - window_ms < p.timestamp_ms <= t]


def great_circle_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the distance by the spherical law of cosines, in its form without cancellation."""
    a, b = math.radians(lat), math.radians(other_lat)
    d = math.radians(other_lon - lon)
    across = math.hypot(
        math.cos(b) * math.sin(d),
        math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(d),
    )
    along = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(d)
    return 6_371.0088 * math.atan2(across, along)


@dataclass
class CardOracle:
    """Every accepted payment of a card, in the order of arrival."""

    accepted: list[Transaction] = field(default_factory=list)

    @property
    def newest_ms(self) -> int | None:
        return max((p.timestamp_ms for p in self.accepted), default=None)

    def other_under_its_id(self, payment: Transaction) -> Transaction | None:
        """Return the accepted payment whose id is remembered and is this payment's."""
        newest = max(self.newest_ms or payment.timestamp_ms, payment.timestamp_ms)
        for p in self.accepted:
            remembered = p.timestamp_ms > newest - DEDUPE_HORIZON_MS
            if remembered and p.transaction_id == payment.transaction_id:
                return p
        return None

    def differing(self, payment: Transaction) -> set[str] | None:
        """Return the content's fields that differ under the same id; None for a new id."""
        other = self.other_under_its_id(payment)
        if other is None:
            return None
        own, others = content_of(payment), content_of(other)
        return {name for name in own if own[name] != others[name]}

    def is_late(self, payment: Transaction) -> bool:
        newest = self.newest_ms
        return newest is not None and payment.timestamp_ms < newest - ALLOWED_LATENESS_MS

    def advance(self, payment: Transaction) -> Values:
        """Return the features; a late payment sees only what the state still has to hold."""
        earlier = self.accepted
        if self.is_late(payment):
            kept_from = (self.newest_ms or 0) - CARD_HISTORY_MS
            earlier = [p for p in earlier if p.timestamp_ms > kept_from]
        values = clock(payment) | amounts(earlier, payment) | normal(earlier, payment)
        values |= usual(earlier, payment)
        values |= places(earlier, payment) | travel(self.accepted, payment)
        values["card_from_home_km"] = from_home(self.accepted, payment)
        self.accepted.append(payment)
        return values


CATEGORY_GROUPS = {None: NAN, "7995": 24, "5411": 1, "5499": 1, "gas_transport": 3, "9z": 0}
"""The numbers that the published groups give the categories of the tests, by hand."""


HOMES = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "DE": "Europe/Berlin",
    "KI": "Pacific/Tarawa",
    "NP": "Asia/Kathmandu",
    "US": "America/New_York",
    "BV": "UTC",
}
"""The zones of the tests' home countries, by hand; nobody lives on Bouvet Island (BV)."""


def home_of(payment: Transaction) -> tzinfo:
    """Return the clock that the cardholder reads, by the rules of the package tzdata."""
    name = payment.time_zone
    if name is None and payment.home_country is not None:
        name = HOMES[payment.home_country]
    if name is None:
        return UTC
    with resources.files("tzdata.zoneinfo").joinpath(name).open("rb") as rules:
        return ZoneInfo.from_file(rules)


def clock(payment: Transaction) -> Values:
    when = datetime.fromtimestamp(payment.timestamp_ms // 1000, home_of(payment))
    amount = amount_of(payment)
    return {
        "amount": NAN if amount is None else float(amount),
        "amount_log": NAN if amount is None else math.log1p(amount),
        "hour_of_day": when.hour,
        "is_night": when.hour <= 6,
        "is_weekend": when.isoweekday() in (6, 7),
        "is_high_risk_category": payment.merchant_category == "7995",
        "category_group": CATEGORY_GROUPS[payment.merchant_category],
    }


def amounts(earlier: Sequence[Transaction], payment: Transaction) -> Values:
    values: Values = {}
    for window_ms in CARD_WINDOWS_MS:
        w = window_name(window_ms)
        there = within([*earlier, payment], payment.timestamp_ms, window_ms)
        own, known = amounts_of(there), amount_of(payment) is not None
        values[f"card_count_{w}"] = len(there)
        values[f"card_sum_{w}"] = float(sum(own)) if known else NAN
        values[f"card_mean_{w}"] = float(mean_of(own)) if known else NAN
        values[f"card_std_{w}"] = deviation_of(own) if known else NAN
        values[f"card_max_{w}"] = float(max(own)) if known else NAN
    return values


def normal(earlier: Sequence[Transaction], payment: Transaction) -> Values:
    month = within(earlier, payment.timestamp_ms, MONTH_MS)
    last_ms = max((p.timestamp_ms for p in month), default=None)
    gap = NAN if last_ms is None else (payment.timestamp_ms - last_ms) / 1000
    return against_own(amounts_of(month), amount_of(payment)) | {"card_seconds_since_last": gap}


def against_own(own: Sequence[Fraction], amount: Fraction | None) -> Values:
    """Set an amount against the card's earlier ones."""
    names = (
        "card_amount_to_mean_30d",
        "card_amount_z_30d",
        "card_amount_outlier_30d",
        "card_amount_record_30d",
        "card_amount_to_max_30d",
    )
    if amount is None or not own:
        return dict.fromkeys(names, NAN)
    mean, deviation, largest = mean_of(own), deviation_of(own), max(own)
    values = (
        float(amount / mean) if mean else NAN,
        float(amount - mean) / deviation if deviation else NAN,
        is_outlier(amount, own) if deviation else NAN,
        float(amount > largest),
        float(amount / largest) if largest else NAN,
    )
    return dict(zip(names, values, strict=True))


def usual(earlier: Sequence[Transaction], payment: Transaction) -> Values:
    """Compare with the median of the newest known amounts; of equally old the last to come."""
    t, amount = payment.timestamp_ms, amount_of(payment)
    month = sorted(within(earlier, t, MONTH_MS), key=lambda p: p.timestamp_ms)
    measured = [p for p in month if amount_of(p) is not None][-USUAL_PAYMENTS:]
    names = (
        "card_usual_amount_30d",
        "card_amount_to_usual_30d",
        "card_amount_in_quartiles_30d",
        "card_above_usual_14d",
        "card_above_usual_share_14d",
    )
    if not measured:
        return dict.fromkeys(names, NAN)
    own = sorted(amounts_of(measured))
    last = len(own) - 1
    middle = (own[last // 2] + own[(last + 1) // 2]) / 2
    between = own[3 * last // 4] - own[last // 4]
    recent = amounts_of(within(measured, t, ABOVE_NORMAL_MS))
    above = sum(each > Fraction(ABOVE_NORMAL_FACTOR) * middle for each in recent)
    values = (
        float(middle),
        float(amount / middle) if middle and amount is not None else NAN,
        float((amount - middle) / between) if between and amount is not None else NAN,
        float(above),
        above / len(recent) if recent else 0.0,
    )
    return dict(zip(names, values, strict=True))


def from_home(accepted: Sequence[Transaction], payment: Transaction) -> float:
    """Follow the home through every placed payment, in the order of arrival."""
    home: tuple[float, float] | None = None
    for number, each in enumerate((p for p in accepted if p.lat is not None), start=1):
        assert each.lat is not None and each.lon is not None
        if home is None:
            home = each.lat, each.lon
            continue
        lat, lon = home
        east = (each.lon - lon + 180) % 360 - 180
        distance = great_circle_km(lat, lon, each.lat, each.lon)
        share = 1 / min(number, HOME_PAYMENTS)
        if share * distance > HOME_STEP_KM:
            share = HOME_STEP_KM / distance
        home = lat + share * (each.lat - lat), (lon + share * east + 180) % 360 - 180
    if home is None or payment.lat is None or payment.lon is None:
        return NAN
    return great_circle_km(*home, payment.lat, payment.lon)


def places(earlier: Sequence[Transaction], payment: Transaction) -> Values:
    values = {}
    t = payment.timestamp_ms
    for window_ms in DISTINCT_WINDOWS_MS:
        w = window_name(window_ms)
        own = within([*earlier, payment], t, window_ms)
        values[f"card_merchants_{w}"] = len({p.merchant_id for p in own})
        values[f"card_cities_{w}"] = len({p.city for p in own} - {None})
        values[f"card_countries_{w}"] = len({p.country for p in own} - {None})
    month = within(earlier, t, MONTH_MS)
    cities = [p.city for p in [*month, payment] if p.city is not None]
    share = cities.count(payment.city) / len(cities) if payment.city is not None else NAN
    return values | {
        "card_new_merchant_30d": payment.merchant_id not in {p.merchant_id for p in month},
        "card_new_device_30d": is_new(payment.device_id, [p.device_id for p in month]),
        "card_new_country_30d": is_new(payment.country, [p.country for p in month]),
        "card_city_share_30d": share,
    }


def is_new(name: str | None, known: Sequence[str | None]) -> float:
    return NAN if name is None else float(name not in known)


def travel(accepted: Sequence[Transaction], payment: Transaction) -> Values:
    """Compare with the newest place ever; a payment older than that one has no place before it."""
    names = ("card_distance_km", "card_speed_kmh", "card_impossible_travel")
    placed = [p for p in accepted if p.lat is not None]
    if not placed or payment.lat is None or payment.lon is None:
        return dict.fromkeys(names, NAN)
    last = max(enumerate(placed), key=lambda pair: (pair[1].timestamp_ms, pair[0]))[1]
    if last.timestamp_ms > payment.timestamp_ms:
        return dict.fromkeys(names, NAN)
    assert last.lat is not None and last.lon is not None
    distance = great_circle_km(last.lat, last.lon, payment.lat, payment.lon)
    speed = distance / max((payment.timestamp_ms - last.timestamp_ms) / 3_600_000, 1 / 60)
    return dict(zip(names, (distance, speed, float(speed > 1_000)), strict=True))
