"""Every feature, declared once: the order here is the order of the vector.

Kernels take their output slots from these tuples (`slot`, `slots`), so a feature that is moved or
renamed here cannot be written to another's place. To add one: declare it (card/catalogue.py,
merchant/catalogue.py), add its slot to the entity's plan (card/plan.py, merchant/plan.py), write it
in the kernel, extend the naive oracle in tests/unit/features, and raise FEATURE_SET_VERSION.

A description is one sentence for a user. Behind its semicolon stands what a feature is where there
is nothing to measure: NaN is not known, 0 is none. A test computes both.

- **Units.** Amounts are in major units of the payment's currency, exact in its minor units and not
  converted. Amounts of several currencies of one card are added as they are. A sum ends at 922
  trillion major units; means and deviations beyond are not exact.
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

from features.card import catalogue as card_features
from features.declaration import Feature
from features.merchant import catalogue as merchant_features

FEATURE_SET_VERSION: Final = 4

CARD_FEATURES: Final = card_features.DECLARED
"""Computed in the card stage, those of the payment alone included."""

MERCHANT_FEATURES: Final = merchant_features.DECLARED
"""Computed in the merchant stage."""

TERMS: Final = (
    "The last 24h are the 24 hours that end with the payment's own timestamp.",
    "Earlier payments arrived before the payment and are not newer by their timestamp.",
    "The newest place is of the newest payment with coordinates that arrived before.",
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


def slots(
    features: tuple[Feature, ...], aggregate: str, windows_ms: tuple[int, ...]
) -> tuple[int, ...]:
    """Return the slot of an aggregate for each window, -1 where it is not declared for one."""
    places = {(f.aggregate, f.window_ms): i for i, f in enumerate(features)}
    return tuple(places.get((aggregate, window_ms), -1) for window_ms in windows_ms)
