"""Say what stands out about a payment, measured against the card's own normal.

Each family of features proposes its strongest candidate, with a distance in standard deviations
or the nearest thing to it; the three largest become the reasons. The card's own normal comes from
the feature vector itself (its 30 days without the window in question); where a card can have none
of its own, such as the risk of a merchant, the training data's takes its place.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from events.decision import Reason
from features.definition import FEATURE_NAMES
from features.windows import CARD_WINDOWS_MS, DELAYED_WINDOWS_MS, window_name
from udfs.manifest import Manifest, Profile

REASONS: Final = 3
LEAST_DISTANCE: Final = 0.5
"""What lies closer to the normal is a reason only where an alert has no other."""

USUAL_SPEED_KMH: Final = 100.0
"""A speed that needs no explanation: a car or a train."""


class Candidate(NamedTuple):
    """A feature and how far it lies from the normal, in standard deviations; larger is odder."""

    distance: float
    reason: Reason


Values = Mapping[str, float]
Profiles = Mapping[str, Profile]
Family = Callable[[Values, Profiles], Iterator[Candidate]]

_LONGEST_MS: Final = max(CARD_WINDOWS_MS)
_LONGEST: Final = window_name(_LONGEST_MS)
_SPOKEN: Final = {
    "10m": "10 minutes",
    "1h": "1 hour",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
}


def standouts(values: npt.NDArray[np.float32], manifest: Manifest) -> list[Reason]:
    """Return up to three reasons, the strongest first; `values` is float32[f], NaN for unknown.

    Where nothing stands out by itself (a score can come from many small things), it is the one
    that comes nearest to it.
    """
    known = {
        name: value
        for name, value in zip(FEATURE_NAMES, values.tolist(), strict=True)
        if not math.isnan(value)
    }
    profiles = {feature.name: feature.profile for feature in manifest.features}
    strongest = [
        max(candidates, key=lambda candidate: candidate.distance)
        for family in FAMILIES
        if (candidates := list(family(known, profiles)))
    ]
    strongest.sort(key=lambda candidate: candidate.distance, reverse=True)
    clear = sum(candidate.distance >= LEAST_DISTANCE for candidate in strongest)
    return [candidate.reason for candidate in strongest[: min(max(clear, 1), REASONS)]]


def velocity(values: Values, _: Profiles) -> Iterator[Candidate]:
    """Payments in a window against the card's own rate outside it, as a Poisson deviation."""
    total = values[f"card_count_{_LONGEST}"]
    for window_ms in CARD_WINDOWS_MS:
        if window_ms == _LONGEST_MS:
            continue
        name = f"card_count_{window_name(window_ms)}"
        count = values[name]
        usual = (total - count) * window_ms / (_LONGEST_MS - window_ms)
        sentence = (
            f"{count:.0f} payments in {_SPOKEN[window_name(window_ms)]}; "
            f"this card's usual is {usual:.2g}"
        )
        yield Candidate(
            (count - usual - 1) / math.sqrt(usual + 1), _reason(name, count, usual, sentence)
        )


def amount(values: Values, _: Profiles) -> Iterator[Candidate]:
    """The amount against the mean and deviation of the card's earlier payments."""
    ratio = values.get("card_amount_to_mean_30d")
    deviations = values.get("card_amount_z_30d")
    if ratio is None or deviations is None or ratio <= 0:
        return
    paid = values["amount"]
    usual = paid / ratio
    sentence = f"amount {paid:,.2f} is {ratio:.1f} times this card's mean of {usual:,.2f}"
    yield Candidate(deviations, _reason("amount", paid, usual, sentence))


def travel(values: Values, _: Profiles) -> Iterator[Candidate]:
    """The speed from the card's last place."""
    speed = values.get("card_speed_kmh")
    distance = values.get("card_distance_km")
    if speed is None or distance is None:
        return
    sentence = f"{distance:,.0f} km from the last payment, which takes {speed:,.0f} km/h"
    reason = _reason("card_speed_kmh", speed, USUAL_SPEED_KMH, sentence)
    yield Candidate(math.log2(max(speed, 1) / USUAL_SPEED_KMH), reason)


def novelty(values: Values, profiles: Profiles) -> Iterator[Candidate]:
    """A merchant, device or country that this card had not used, by how rare that is."""
    for thing in ("merchant", "device", "country"):
        name = f"card_new_{thing}_{_LONGEST}"
        profile = profiles.get(name)
        if values.get(name) != 1 or profile is None:
            continue
        sentence = f"first payment of this card at this {thing} in {_SPOKEN[_LONGEST]}"
        yield Candidate(_deviations(1.0, profile), _reason(name, 1.0, profile.mean, sentence))


def merchant_risk(values: Values, profiles: Profiles) -> Iterator[Candidate]:
    """The share of known frauds at the merchant against that of all merchants."""
    for window_ms in DELAYED_WINDOWS_MS:
        window = window_name(window_ms)
        name = f"merchant_delayed_fraud_share_{window}"
        profile = profiles.get(name)
        if profile is None:
            continue
        share = values[name]
        sentence = (
            f"{share:.0%} of the payments here, {_SPOKEN[window]} up to a week ago, "
            f"were fraud; usual is {profile.mean:.1%}"
        )
        yield Candidate(_deviations(share, profile), _reason(name, share, profile.mean, sentence))


FAMILIES: Final[tuple[Family, ...]] = (velocity, amount, travel, novelty, merchant_risk)


def _deviations(value: float, profile: Profile) -> float:
    if profile.standard_deviation == 0:
        return 0.0
    return (value - profile.mean) / profile.standard_deviation


def _reason(name: str, value: float, normal: float, sentence: str) -> Reason:
    return Reason(feature=name, value=value, normal=normal, sentence=sentence)
