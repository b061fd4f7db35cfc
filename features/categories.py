"""Merchant categories that count as high risk."""

from typing import Final

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
