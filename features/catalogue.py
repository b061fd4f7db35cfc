"""Every feature, declared once: the order here is the order of the vector.

Each entity's own catalogue declares its features. The slots of the kernels, the reason codes and
the sentences are built from the declarations. CONTRIBUTING.md has the recipe for a new one.

A description is one sentence for a user. Behind its semicolon stands what a feature is where there
is nothing to measure: NaN is not known, 0 is none. A test computes both.

- **Units.** Amounts are in major units of the reference currency, converted by the rates of one day
  and never coarser than the payment's own minor unit. A sum ends at 92 billion major units of a
  currency such as the euro; means and deviations beyond are not exact.
- **No rate.** A payment whose currency has no rate counts as a payment, and its amount is not known
  (`no_rate`). Its own amount features are NaN. Sums, means, deviations, maxima and medians of later
  payments are those of the known amounts.
- **Last w.** The window (t - w, t], where t is the payment's timestamp. The payment itself counts.
- **Earlier.** Without the payment itself: what arrived before it and is not newer by its timestamp.
  A payment that arrives late is measured as of its own time, so what is newer does not count; a
  payment that is more than a day late may miss the oldest part of its windows (`late`).
- **Newest place.** The place of the newest payment with coordinates that arrived before, of any
  age. Where it is newer than the payment, nothing is known of the way there. Home is learnt in the
  order of arrival.
- **Known fraud.** A payment whose label says fraud, with a label time up to the payment's
  timestamp. The label has to have arrived. Of several labels of a payment the one with the newest
  label time counts, of equal ones the last to arrive. A label finds its payment by id, card and
  timestamp.
- **Ended 7 days before.** The window (t - 7 d - w, t - 7 d]: labels take that long. Days since
  the newest known fraud are not delayed.
- **In a row.** The merchant's payments up to 7 days ago, newest first, until one is not a known
  fraud. Payments of one millisecond have no order: one of them that is genuine ends the row.
- **Late at the merchant.** A payment more than a day behind its merchant's newest (`late_merchant`)
  may miss payments and frauds that are more than 68 days older than that newest payment.
- **Hashes.** Merchants are 32-bit hashes; cities, devices and countries are 16-bit hashes. With
  ten cities known, a new one is taken for a known one in 1 of 6,500 cases, and not counted.
- **Compacted.** Beyond 1,024 payments in 31 days the older ones are kept in buckets
  (`compacted_card`): card/compaction.py says how exact each feature then is. Beyond 2,048 payments
  in 68 days a merchant has buckets too (`compacted_merchant`, merchant/compaction.py).
"""

from typing import Final

from features.card import catalogue as card
from features.declaration import Aggregate, Entity, Feature
from features.merchant import catalogue as merchant
from features.payment import catalogue as payment

FEATURE_SET_VERSION: Final = payment.VERSION + card.VERSION + merchant.VERSION
"""What a bundle was trained with: it rises as soon as one of the catalogues changes."""

CARD_AGGREGATES: Final = (*payment.DECLARED, *card.DECLARED)
"""Computed in the card stage, those of the payment alone included."""

MERCHANT_AGGREGATES: Final = merchant.DECLARED
"""Computed in the merchant stage."""


def _features(aggregates: tuple[Aggregate, ...]) -> tuple[Feature, ...]:
    return tuple(feature for aggregate in aggregates for feature in aggregate.features)


CARD_FEATURES: Final = _features(CARD_AGGREGATES)
"""The card stage's part of the vector, in its order."""

MERCHANT_FEATURES: Final = _features(MERCHANT_AGGREGATES)
"""The merchant stage's part of the vector, in its order."""

TERMS: Final = (
    "The last 24h are the 24 hours that end with the payment's own timestamp.",
    "Earlier payments arrived before the payment and are not newer by their timestamp.",
    "The newest place is of the newest payment with coordinates that arrived before.",
    "Amounts are in the reference currency; that of a payment without a rate is not known.",
    "NaN means not known.",
    "With ten cities known, a 16-bit hash takes a new city for a known one in 1 of 6,500 cases.",
)
"""What the words of descriptions mean, for a page that shows all of them."""

FEATURES: Final = (*CARD_FEATURES, *MERCHANT_FEATURES)
FEATURE_NAMES: Final = tuple(feature.name for feature in FEATURES)

HANDBOOK_FEATURES: Final = (
    "amount",
    "is_weekend",
    "is_night",
    "card_count_24h",
    "card_mean_24h",
    "card_count_7d",
    "card_mean_7d",
    "card_count_30d",
    "card_mean_30d",
    "merchant_delayed_count_24h",
    "merchant_delayed_fraud_share_24h",
    "merchant_delayed_count_7d",
    "merchant_delayed_fraud_share_7d",
    "merchant_delayed_count_30d",
    "merchant_delayed_fraud_share_30d",
)
"""The fifteen columns of the Fraud Detection Handbook's baseline, by our names."""


def slot(features: tuple[Feature, ...], name: str) -> int:
    """Return where the named feature lies in a stage's output; ValueError where undeclared."""
    return [feature.name for feature in features].index(name)


def name_of(entity: Entity, aggregate: str, window_ms: int | None = None) -> str:
    """Return the name of a feature by what it measures; KeyError where none is declared.

    The window is given of an aggregate that has several.

    >>> name_of("card", "count", 3_600_000), name_of("card", "ratio")
    ('card_count_1h', 'card_amount_to_mean_30d')
    """
    return _NAMES[entity, aggregate, window_ms]


_NAMES: Final = {
    (feature.entity, aggregate.name, feature.window_ms if aggregate.steps_ms else None): (
        feature.name
    )
    for aggregate in (*CARD_AGGREGATES, *MERCHANT_AGGREGATES)
    for feature in aggregate.features
}
