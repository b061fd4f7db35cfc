"""The options of a world, which `produce world` and `train` share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import click

from cli.options import gathered, in_group
from cli.stream.produce_options import Moment
from producer.world.settings import ATTACKS, WorldSettings, parse_attacks

_DEFAULT = WorldSettings()
_COUNT = click.IntRange(min=1)


@dataclass(frozen=True)
class WorldOptions:
    """Options of one call that describe a world."""

    users: int
    merchants: int
    payments: int
    fraud_share: float
    days: int
    first_day: datetime
    seed: int
    attacks: str

    def settings(self) -> WorldSettings:
        """Return the world's settings; UsageError where no world can follow them."""
        try:
            return WorldSettings(
                users=self.users,
                merchants=self.merchants,
                payments=self.payments,
                days=self.days,
                fraud_share=self.fraud_share,
                start=self.first_day,
                seed=self.seed,
                attacks=parse_attacks(self.attacks),
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None


WORLD = "Generated world"
"""The heading of these options in --help."""
_option = in_group(WORLD)
users_option = _option(
    "--users", type=_COUNT, default=_DEFAULT.users, help="Number of people; each has one card."
)
merchants_option = _option(
    "--merchants", type=_COUNT, default=_DEFAULT.merchants, help="Number of merchants."
)
payments_option = _option(
    "--payments",
    type=_COUNT,
    default=_DEFAULT.payments,
    help="Number of payments, good and fraudulent.",
)
fraud_share_option = _option(
    "--fraud-share",
    type=float,
    default=_DEFAULT.fraud_share,
    help="Share of frauds among the payments.",
)
first_day_option = _option(
    "--first-day",
    type=Moment(),
    default=_DEFAULT.start.date().isoformat(),
    help="Date of the first day, which begins at midnight UTC.",
)
attacks_option = _option(
    "--attacks",
    metavar="NAME:WEIGHT,...",
    default=",".join(f"{name}:{weight:g}" for name, weight in ATTACKS.items()),
    help="Mix of attacks, each with its weight among the frauds.",
)

_OPTIONS = (
    users_option,
    merchants_option,
    payments_option,
    fraud_share_option,
    _option("--days", type=_COUNT, default=_DEFAULT.days, help="Number of days to simulate."),
    first_day_option,
    _option(
        "--seed", default=_DEFAULT.seed, help="Seed of the world: the same seed, the same payments."
    ),
    attacks_option,
)


world_options = gathered(WorldOptions, "world", *_OPTIONS)
"""Adds the options; the command gets them as one `world: WorldOptions`."""
