"""Cost of a home time zone: the card's transition with and without one, measured alternately.

`python -m benchmarks.home_zone` prints the median time of a payment, and the median of its ratios
to a payment that names no home. Times are processor time. No day of a zone comes twice, so that
offsets are computed as often as in a replay.
"""

from __future__ import annotations

import statistics
import time
from typing import Final, NamedTuple

from events.transaction import Transaction
from features import warm_up
from features.card import transition as card
from features.money.shipped import SHIPPED

_NOON_MS: Final = 1_700_049_600_000
_PAYMENTS: Final = 2_000
_ROUNDS: Final = 60
_PACES_MS: Final = {"20 payments a minute": 3_000, "6 payments an hour": 600_000}


class _Home(NamedTuple):
    """What a payment says of the cardholder's home."""

    time_zone: str | None = None
    home_country: str | None = None


_HOMES: Final = {
    "neither": (_Home(),),
    "time zone": tuple(
        _Home(time_zone=zone)
        for zone in ("Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Sydney")
    ),
    "home country": tuple(_Home(home_country=country) for country in ("DE", "BR", "NP", "AU")),
}


def _payment(number: int, time_ms: int, home: _Home) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        card_id="card-1",
        timestamp_ms=time_ms,
        amount_minor=1_000 + number,
        currency="EUR",
        merchant_id=f"merchant-{number % 7}",
        time_zone=home.time_zone,
        home_country=home.home_country,
    )


def _seconds(homes: tuple[_Home, ...], first_ms: int, step_ms: int) -> float:
    """Return the processor time of a new card's payments that come at one pace."""
    paid = [
        _payment(number, first_ms + number * step_ms, homes[number % len(homes)])
        for number in range(_PAYMENTS)
    ]
    states: dict[str, bytes] = {}
    start = time.process_time()
    for one in paid:
        card.advance((one,), (one.card_id,), states, SHIPPED)
    return time.process_time() - start


def main() -> None:
    """Print a line for each pace and each kind of home."""
    warm_up()
    for pace, step_ms in _PACES_MS.items():
        taken: dict[str, list[float]] = {name: [] for name in _HOMES}
        for each in range(_ROUNDS):
            for place, (name, homes) in enumerate(_HOMES.items(), start=each * len(_HOMES)):
                first_ms = _NOON_MS + place * _PAYMENTS * step_ms
                taken[name].append(_seconds(homes, first_ms, step_ms))
        for name, found in taken.items():
            pairs = zip(found, taken["neither"], strict=True)
            ratio = statistics.median(one / bare for one, bare in pairs)
            micros = statistics.median(found) / _PAYMENTS * 1e6
            print(f"{pace}, {name}: {micros:.1f} us, ratio {ratio:.2f}")  # noqa: T201  a program


if __name__ == "__main__":
    main()
