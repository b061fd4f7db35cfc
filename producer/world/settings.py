"""Settings of a world: size, length and attacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from producer.world.attacks.catalogue import SCENARIOS

DAY_MS = 86_400_000
ATTACKS: Mapping[str, float] = {
    "card_testing": 2.0,
    "account_takeover": 2.0,
    "impossible_travel": 2.0,
    "merchant_compromise": 1.0,
    "bust_out": 1.5,
    "slow_fraud": 1.0,
}
"""The mix by default, as shares of the fraudulent payments."""
_MOST_FRAUD = 0.5


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """The size, period, attacks and seed of a world.

    `payments` counts frauds too, and is met exactly, as is `fraud_share` but for rounding.
    `attacks` maps scenarios to weights: shares of the fraudulent payments. The defaults have ten
    payments a card in 60 days, but activity is skewed: the card of the average payment has some
    forty, twenty of them in the last 30 days, so that it has a normal to differ from.

    With ``local_currencies`` a payment is in the currency of its country, without in euros.

    Raises ValueError for a setting that no world can follow.

    >>> WorldSettings(users=3)
    Traceback (most recent call last):
    ValueError: users: expected at least 10, got 3; raise it
    """

    users: int = 10_000
    merchants: int = 5_000
    payments: int = 100_000
    days: int = 60
    fraud_share: float = 0.02
    start: datetime = datetime(2025, 10, 20, tzinfo=UTC)
    seed: int = 0
    attacks: Mapping[str, float] = field(default_factory=lambda: ATTACKS)
    batch_rows: int = 65_536
    local_currencies: bool = True

    def __post_init__(self) -> None:
        least = {
            "users": 10, "merchants": 40, "payments": 100, "days": 1, "seed": 0, "batch_rows": 1,
        }  # fmt: skip
        for name, limit in least.items():
            value = getattr(self, name)
            if value < limit:
                raise ValueError(f"{name}: expected at least {limit}, got {value}; raise it")
        if not 0 <= self.fraud_share <= _MOST_FRAUD:
            raise ValueError(
                f"fraud share: expected 0 to {_MOST_FRAUD}, got {self.fraud_share}; 0.02 is 2 %"
            )
        if self.start.tzinfo is None:
            raise ValueError(f"start: expected a time with an offset, got {self.start}; add one")
        _check_attacks(self.attacks)

    @property
    def start_ms(self) -> int:
        """Event time of the first midnight, in epoch milliseconds."""
        return int(self.start.timestamp() * 1000)

    @property
    def end_ms(self) -> int:
        """Event time of the midnight behind the last day, in epoch milliseconds."""
        return self.start_ms + self.days * DAY_MS

    @property
    def frauds(self) -> int:
        """Number of fraudulent payments."""
        return round(self.payments * self.fraud_share)


def parse_attacks(text: str) -> dict[str, float]:
    """Read weights such as `card_testing:2,slow_fraud:1`; a name alone weighs 1.

    Scenarios that are not named do not happen. Raises ValueError for anything else.

    >>> parse_attacks("card_testing:2,slow_fraud")
    {'card_testing': 2.0, 'slow_fraud': 1.0}
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition(":")
        try:
            weights[name] = float(number) if number else 1.0
        except ValueError:
            raise ValueError(
                f"attacks: expected a number behind `{name}:`, got {number!r}; "
                "write card_testing:2,slow_fraud:1"
            ) from None
    _check_attacks(weights)
    return weights


def _check_attacks(weights: Mapping[str, float]) -> None:
    unknown = sorted(set(weights) - set(SCENARIOS))
    if unknown:
        raise ValueError(
            f"attacks: expected {', '.join(SCENARIOS)}, got {unknown[0]!r}; correct the name"
        )
    wrong = [name for name, weight in weights.items() if not 0 <= weight < float("inf")]
    if wrong or not any(weights.values()):
        raise ValueError(
            f"attacks: expected weights of 0 or more, one above 0, got {dict(weights)}; "
            "write card_testing:2,slow_fraud:1"
        )
