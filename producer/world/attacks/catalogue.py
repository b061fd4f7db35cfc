"""Every scenario by its name, in the order of docs/world.md; its number is its place here."""

from __future__ import annotations

from typing import Final

from producer.world.attacks import (
    account_takeover,
    bust_out,
    card_testing,
    impossible_travel,
    merchant_compromise,
    slow_fraud,
)
from producer.world.attacks.scene import Scenario

SCENARIOS: Final[dict[str, Scenario]] = {
    module.SCENARIO.name: module.SCENARIO
    for module in (
        card_testing,
        account_takeover,
        impossible_travel,
        merchant_compromise,
        bust_out,
        slow_fraud,
    )
}
