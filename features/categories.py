"""Merchant categories: the group each belongs to, and which count as high risk.

A category is a code of ISO 18245 (four digits) or a word. Words are those of the data sets that
Cardwatch is evaluated on and of its own generator; add a line for each further one.
"""

from typing import Final

CATEGORY_GROUPS: Final = (
    "other",
    "groceries",
    "dining",
    "fuel",
    "transport",
    "health",
    "personal care",
    "clothing",
    "electronics",
    "home",
    "children and pets",
    "leisure",
    "lodging",
    "jewellery",
    "shopping",
    "miscellaneous",
    "services",
    "public authorities",
    "travel",
    "food online",
    "shopping online",
    "miscellaneous online",
    "subscriptions",
    "gaming",
    "gambling",
    "money transfer",
    "crypto-currency",
)
"""A group's number, the value of the feature, is its place here: append, do not reorder."""

_RANGES: Final = (
    # the ranges of ISO 18245, wide ones first: a later line wins
    ("0001", "2999", "services"),
    ("3000", "3499", "travel"),
    ("3500", "3999", "lodging"),
    ("4000", "4799", "transport"),
    ("4800", "4999", "services"),
    ("5000", "5999", "shopping"),
    ("6000", "6999", "services"),
    ("7000", "7999", "services"),
    ("8000", "8999", "services"),
    ("9000", "9999", "public authorities"),
    ("4411", "4411", "travel"),
    ("4511", "4511", "travel"),
    ("4722", "4723", "travel"),
    ("4816", "4816", "subscriptions"),
    ("4829", "4829", "money transfer"),
    ("4899", "4899", "subscriptions"),
    ("5122", "5122", "health"),
    ("5200", "5299", "home"),
    ("5411", "5499", "groceries"),
    ("5541", "5542", "fuel"),
    ("5600", "5699", "clothing"),
    ("5700", "5719", "home"),
    ("5732", "5735", "electronics"),
    ("5811", "5814", "dining"),
    ("5815", "5818", "gaming"),
    ("5912", "5912", "health"),
    ("5641", "5641", "children and pets"),
    ("5944", "5944", "jewellery"),
    ("5945", "5945", "children and pets"),
    ("5960", "5969", "shopping online"),
    ("5977", "5977", "personal care"),
    ("5983", "5983", "fuel"),
    ("5993", "5993", "shopping"),
    ("5995", "5995", "children and pets"),
    ("6051", "6051", "crypto-currency"),
    ("6211", "6211", "money transfer"),
    ("6536", "6540", "money transfer"),
    ("7011", "7033", "lodging"),
    ("7230", "7298", "personal care"),
    ("7512", "7519", "travel"),
    ("7523", "7523", "transport"),
    ("7800", "7802", "gambling"),
    ("7829", "7999", "leisure"),
    ("7995", "7995", "gambling"),
    ("8011", "8099", "health"),
    ("9754", "9754", "gambling"),
)

_WORDS: Final = {
    "clothing": "clothing",
    "crypto": "crypto-currency",
    "electronics": "electronics",
    "entertainment": "leisure",
    "food_delivery": "food online",
    "food_dining": "dining",
    "fuel": "fuel",
    "gambling": "gambling",
    "gaming": "gaming",
    "gas_transport": "fuel",
    "groceries": "groceries",
    "grocery_net": "food online",
    "grocery_pos": "groceries",
    "health": "health",
    "health_fitness": "health",
    "home": "home",
    "hotels": "lodging",
    "jewellery": "jewellery",
    "kids_pets": "children and pets",
    "leisure": "leisure",
    "misc_net": "miscellaneous online",
    "misc_pos": "miscellaneous",
    "money_transfer": "money transfer",
    "personal_care": "personal care",
    "pharmacy": "health",
    "restaurants": "dining",
    "shopping_net": "shopping online",
    "shopping_pos": "shopping",
    "subscriptions": "subscriptions",
    "transport": "transport",
    "travel": "travel",
    "travel_net": "travel",
}


def _numbers() -> dict[str | None, float]:
    """Return the group's number of every known category, and NaN for none given."""
    number = {name: float(at) for at, name in enumerate(CATEGORY_GROUPS)}
    known: dict[str | None, float] = {None: float("nan")}
    for first, last, group in _RANGES:
        for code in range(int(first), int(last) + 1):
            known[f"{code:04d}"] = number[group]
    return known | {word: number[group] for word, group in _WORDS.items()}


GROUP_NUMBERS: Final = _numbers()
"""The number of a category's group; one that is not here is of group 0, other."""

HIGH_RISK_CATEGORIES: Final = frozenset(
    {
        # ISO 18245 codes that card schemes list as high risk
        "4816",  # computer network and information services
        "4829",  # money transfer
        "5122",  # drugs, mail order
        "5816",  # digital games
        "5912",  # pharmacies, card not present
        "5966",  # outbound telemarketing
        "5967",  # inbound telemarketing, adult content
        "5993",  # tobacco, card not present
        "6051",  # quasi cash, crypto-currency
        "6211",  # securities
        "7273",  # dating
        "7801",  # online casinos
        "7802",  # race betting
        "7995",  # betting and casinos
        # the same as words, and shopping without the card present
        "crypto",
        "gambling",
        "gaming",
        "misc_net",
        "money_transfer",
        "shopping_net",
    }
)
