"""Add a feature of the card that needs nothing new in the card's state.

    python examples/add_a_feature.py

The feature counts a card's payments of the very same amount in 24 hours, as a script makes them.
The declaration says what the feature is, the plan gives it a slot behind the others, and the
kernel measures it from the rows that each card keeps already. The program prints each payment
with the new feature, and one that exists, beside it. CONTRIBUTING.md does the same in the tree.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt

from events.transaction import Transaction
from features.card.state import amount_of, open_view, place_of, time_of
from features.card.transition import advance
from features.catalogue import CARD_AGGREGATES, CARD_FEATURES, slot
from features.declaration import one
from features.kernels.compiled import entry_point
from features.kernels.plan import plan_of
from features.money.shipped import SHIPPED
from features.windows import DAY_MS, HOUR_MS

SAME_AMOUNT: Final = one(
    "card",
    "same_amount",
    "card_same_amount_24h",
    "payments",
    "Earlier payments of the card in 24 hours with the very same amount.",
    label="the payments of this card with the same amount in 24 hours",
    reason="velocity",
    window_ms=DAY_MS,
)
PLAN: Final = plan_of("Plan", __name__, (*CARD_AGGREGATES, SAME_AMOUNT))
Plan: Final = type(PLAN)


@entry_point
def measure_same_amount(
    state: npt.NDArray[np.uint8], time_ms: int, values: npt.NDArray[np.float32]
) -> None:
    """Count back from the newest row, which is the payment at hand."""
    card = open_view(state)
    own = place_of(card, time_ms) - 1
    row, same = own - 1, 0
    while row >= 0 and time_of(card, row) > time_ms - DAY_MS:
        same += amount_of(card, row) == amount_of(card, own)
        row -= 1
    values[PLAN.same_amount] = same


def main() -> None:
    """Take six payments to a card, and print the vectors' new ends."""
    [feature] = SAME_AMOUNT.features
    sys.stdout.write(f"{feature.name}: {feature.description}\n")
    states: dict[str, bytes] = {}
    for number, cents in enumerate((2350, 999, 999, 1200, 999, 999)):
        at_ms = 1_795_000_000_000 + number * 5 * HOUR_MS
        payment = Transaction(f"p{number}", "card-1", at_ms, cents, "EUR", "shop-1")
        [step] = advance([payment], ["card-1"], states, SHIPPED)
        values = np.append(step.values, np.float32(np.nan))
        measure_same_amount(np.frombuffer(states["card-1"], np.uint8), at_ms, values)
        count = values[slot(CARD_FEATURES, "card_count_24h")]
        sys.stdout.write(
            f"{payment.transaction_id}  {cents / 100:6.2f} EUR  card_count_24h {count:.0f}  "
            f"{feature.name} {values[PLAN.same_amount]:.0f}\n"
        )


if __name__ == "__main__":
    main()
