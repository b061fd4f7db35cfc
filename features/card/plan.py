"""Slots of the card kernel in the vector of its stage."""

from typing import Final

from features.catalogue import CARD_AGGREGATES
from features.kernels.plan import plan_of

CARD_PLAN: Final = plan_of("CardPlan", __name__, CARD_AGGREGATES)
"""A slot for each of CARD_FEATURES, by its aggregate."""

CardPlan: Final = type(CARD_PLAN)
