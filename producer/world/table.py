"""Days of a world as record batches in the form of events.table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from events.table import table_schema
from producer.columns import conform
from producer.world.attacks.catalogue import SCENARIOS
from producer.world.population.arrays import (
    GENUINE,
    NO_DEVICE,
    NOWHERE,
    Floats,
    Ints,
    Mask,
    Payments,
)
from producer.world.population.currencies import codes, local_amounts, minor_units
from producer.world.population.merchants import CATEGORIES, Merchants
from producer.world.population.places import City
from producer.world.population.world import World
from producer.world.settings import WorldSettings

SCENARIO_COLUMN = "fraud_scenario"
EPISODE_COLUMN = "fraud_episode"


@dataclass(frozen=True, slots=True)
class Names:
    """Names of things, string[n] by number; the seed stands in a payment's name.

    `minor_units` are those of each city's currency for a eurocent.
    """

    payment_prefix: str
    cards: pa.StringArray
    customers: pa.StringArray
    merchants: pa.StringArray
    cities: pa.StringArray
    countries: pa.StringArray
    homes: pa.StringArray
    currencies: pa.StringArray
    minor_units: Floats
    centres: tuple[City, ...]

    @classmethod
    def of(cls, settings: WorldSettings, world: World) -> Names:
        """Name everything in a world."""
        kinds = [CATEGORIES[number].name for number in world.merchants.category.tolist()]
        countries = pa.array([city.country for city in world.cities])
        places = world.cities if settings.local_currencies else world.cities[:1] * len(world.cities)
        return cls(
            payment_prefix=f"world{settings.seed}-",
            cards=pa.array([f"card-{number}" for number in range(settings.users)]),
            customers=pa.array([f"customer-{number}" for number in range(settings.users)]),
            merchants=pa.array([f"{kind}-{number}" for number, kind in enumerate(kinds)]),
            cities=pa.array([city.name for city in world.cities]),
            countries=countries,
            homes=countries.take(pa.array(world.people.home)),
            currencies=pa.array(codes(places)),
            minor_units=minor_units(places),
            centres=world.cities,
        )


def to_batch(
    day: Payments, names: Names, merchants: Merchants, first_row: int, with_scenario: bool
) -> pa.RecordBatch:
    """Return payments in the form of events.table; first_row numbers the first one."""
    count = len(day)
    present = day.city != NOWHERE
    city = pa.array(day.city, mask=~present)
    registered = merchants.city[day.merchant]
    where = np.where(present, day.city, registered)
    category = pa.array(merchants.category[day.merchant])
    lat, lon = _places(day, names, merchants, registered)
    person = pa.array(day.person)
    schema = table_schema()
    if with_scenario:
        schema = schema.append(pa.field(SCENARIO_COLUMN, pa.string()))
        schema = schema.append(pa.field(EPISODE_COLUMN, pa.int64()))
    columns = {
        "transaction_id": _numbered(names.payment_prefix, np.arange(first_row, first_row + count)),
        "card_id": names.cards.take(person),
        "timestamp_ms": pa.array(day.time_ms),
        "amount_minor": pa.array(local_amounts(day.amount_minor, names.minor_units[where])),
        "currency": names.currencies.take(pa.array(where)),
        "merchant_id": names.merchants.take(pa.array(day.merchant)),
        "merchant_category": pa.array([kind.name for kind in CATEGORIES]).take(category),
        "channel": pc.if_else(pa.array(present), "pos", "online"),
        "country": names.countries.take(pa.array(where)),
        "city": names.cities.take(city),
        "lat": pa.array(lat, mask=~present),
        "lon": pa.array(lon, mask=~present),
        "customer_id": names.customers.take(person),
        "home_country": names.homes.take(person),
        "device_id": _numbered("device-", day.device, day.device == NO_DEVICE),
        "is_fraud": pa.array(day.scenario != GENUINE),
        SCENARIO_COLUMN: pa.array(list(SCENARIOS)).take(
            pa.array(day.scenario, mask=day.scenario == GENUINE)
        ),
        EPISODE_COLUMN: pa.array(day.episode, mask=day.episode == GENUINE),
    }
    return conform(columns, schema, count)


def _numbered(prefix: str, numbers: Ints, null: Mask | None = None) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pa.array(numbers, mask=null).cast(pa.string()), "")


def _places(
    day: Payments, names: Names, merchants: Merchants, registered: Ints
) -> tuple[Floats, Floats]:
    """Return degrees: the shop's, or the middle of the city that the payment names instead."""
    here = day.city == registered
    middle = np.array([(city.lat, city.lon) for city in names.centres])[day.city]
    place = np.where(here[:, None], merchants.place[day.merchant], middle)
    return place[:, 0], place[:, 1]
