"""The manifest of a model bundle: what it holds, how it came to be, how good it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import msgspec

from events.levels import HIGH, MEDIUM

Exporter = Literal["cardwatch", "onnxmltools"]
"""Who made the models' graphs: our own exporter, or skl2onnx and onnxmltools."""

FORMAT_VERSION = 4
OLDER_FORMATS = (2, 3)
"""Formats 2 and 3 are read too: they lack the optional fields.

Format 2 has no file of the manifest's digest, and neither of them a file of rates.
"""

FIRST_SEALED = 3
FIRST_WITH_RATES = 4

MANIFEST_FILE = "manifest.json"
DIGEST_FILE = "manifest.sha256"
GRAPH_FILE = "ensemble.onnx"
GOLDEN_FILE = "golden.npz"
CARD_FILE = "card.html"
COVERS_FILE = "covers.npz"
RATES_FILE = "rates.json"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a manifest: keyword arguments only, unknown fields refused."""


class Profile(_Part, frozen=True):
    """Distribution of a feature in the training data; missing values are left out.

    ``counts[i]`` payments lie in ``(edges[i], edges[i + 1]]``; the outer edges are open, so every
    value has a bin. ``quantiles`` maps a level such as ``"0.5"`` to its value.
    """

    missing_share: float
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    quantiles: dict[str, float]
    edges: list[float]
    counts: list[int]


class InputFeature(_Part, frozen=True):
    """One input of the graph, at its place in the order; ``median`` is that of present values."""

    name: str
    dtype: str
    unit: str
    median: float
    importance: float
    profile: Profile


class Member(_Part, frozen=True):
    """One model of the ensemble: its name in the graph's outputs, its own graph.

    ``weight`` is its part in the combination; the weights of a bundle sum to 1. ``trees`` is 0
    for a model without.
    """

    name: str
    kind: str
    weight: float
    file: str
    trees: int
    parameters: dict[str, float | int | str | None]


class Combination(_Part, frozen=True):
    """Method that makes one score of the members' scores.

    ``weighted`` is their average by weight. ``stacking`` is a logistic regression of their soft
    log-odds with ``slopes`` and ``intercept``. ``rank`` is the mean of their tail ranks, each a
    curve through the points ``0_x`` and ``0_y`` of the first member and so on.
    """

    method: Literal["weighted", "stacking", "rank"]
    parameters: dict[str, list[float]]


class Calibration(_Part, frozen=True):
    """Curve that makes the combined score a probability, fitted on validation.

    ``sigmoid`` is sigmoid(slope * score + intercept); ``isotonic`` is a strictly rising line
    through the points ``x`` and ``y``. The Brier scores, the mean squared difference of
    probability and outcome, are those of the test part without and with it.
    """

    method: Literal["sigmoid", "isotonic"]
    parameters: dict[str, list[float]]
    brier_before: float
    brier_after: float


class Costs(_Part, frozen=True):
    """Costs of decisions, in major units of the reference currency.

    ``review`` is the cost of looking at one alert, ``block`` that of blocking a good customer's
    payment, ``missed_share`` the share of a missed fraud's amount that is lost.
    """

    review: float = 0.0
    block: float = 0.0
    missed_share: float = 1.0


class Interval(_Part, frozen=True):
    """A figure of validation, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Expectation(_Part, frozen=True):
    """Expected alerts at or above one level, by what validation showed.

    MEDIUM alerts are reviewed and HIGH ones blocked: ``saved_a_day`` is the amount of the frauds
    caught times the share that would be lost, less the costs of reviews and of blocked good
    payments. Where some payments have labels, the others count nowhere, not even among the alerts.
    What needs labels is None where there were none, and precision and recall also where there was
    nothing to divide by.
    """

    threshold: float
    alerts_a_day: Interval
    precision: Interval | None
    recall: Interval | None
    saved_a_day: Interval | None


class Thresholds(_Part, frozen=True):
    """The probabilities from which a payment is MEDIUM and HIGH, both exact in float32.

    ``alert_share`` and ``precision`` are what validation showed at or above each level, and
    ``expected`` the same with intervals, alerts a day and money; ``goals`` are as ``train`` takes
    them, such as ``share:0.01``. Bundles written before these fields lack them.
    """

    medium: float
    high: float
    method: str
    alert_share: dict[str, float]
    precision: dict[str, float]
    goals: dict[str, str] = {}
    costs: Costs | None = None
    expected: dict[str, Expectation] = {}

    @property
    def by_level(self) -> dict[str, float]:
        """The least probability of each level that raises an alert, the lowest level first."""
        return {MEDIUM: self.medium, HIGH: self.high}


class Period(_Part, frozen=True):
    """One part of the time-ordered split; times are epoch milliseconds, both ends included."""

    first_ms: int
    last_ms: int
    payments: int
    frauds: int


class TrainingData(_Part, frozen=True):
    """Data that the bundle was trained and judged on.

    With ``refit`` the models were fitted once more on all three periods and what lies between
    them; thresholds and metrics are those of the models fitted on ``train`` alone. Without labels
    (``labelled`` false) no fraud is known in any period, and there are no metrics.
    """

    source: str
    sha256: str
    label_delay_ms: int
    refit: bool
    labelled: bool
    train: Period
    validation: Period
    test: Period


class AgainstBest(_Part, frozen=True):
    """The ensemble less its best member, by the figure that weights are chosen by.

    ``difference`` is above 0 where the ensemble is better, whatever the figure; its 95 % interval
    draws the cards of the test part once for both.
    """

    member: str
    figure: str
    difference: Interval

    @property
    def worse(self) -> bool:
        """Whether the ensemble is worse beyond chance."""
        return self.difference.high < 0

    def __str__(self) -> str:
        one = self.difference
        figure = f"{self.figure} {one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
        verdict = "worse beyond chance" if self.worse else "not worse beyond chance"
        return f"The ensemble less its best model, {self.member}: {figure}, {verdict}"


class Reproduction(_Part, frozen=True, omit_defaults=True):
    """The command that makes this bundle again, and the seed of every random choice in it.

    ``settings`` is the content of the settings file that the command names, None without one.
    """

    command: str
    seed: int
    settings: dict[str, Any] | None = None


class Parity(_Part, frozen=True):
    """Result of the export gate: native models against the graph, with rows of each case.

    ``step_difference`` is the largest of each model's score, and of the probability that the graph
    makes of its own scores; ``tolerance`` bounds it. ``max_difference`` is what rounding moves a
    score or the probability by in all. Bundles of format 2 bound that and lack the other.
    """

    tolerance: float
    max_difference: float
    risk_level_changes: int
    rows: dict[str, int]
    step_difference: float | None = None


class Manifest(_Part, frozen=True, dict=True):
    """Everything about a bundle that is not a model file.

    ``golden_levels`` counts the golden rows that are LOW, MEDIUM and HIGH. ``against_best`` is
    None without labels and for one model. Bundles written before ``exporter`` are by our own.
    ``reference_currency`` and ``rates_date`` are those of the rates that amounts were converted by;
    bundles before format 4 converted none.
    """

    format_version: int
    name: str
    version: int
    feature_set: int
    features: list[InputFeature]
    members: list[Member]
    combination: Combination
    calibration: Calibration | None
    thresholds: Thresholds
    training: TrainingData
    reproduction: Reproduction
    libraries: dict[str, str]
    metrics: dict[str, dict[str, float]]
    parity: Parity
    files: dict[str, str]
    golden_levels: dict[str, int] = {}
    against_best: AgainstBest | None = None
    exporter: Exporter = "cardwatch"
    reference_currency: str | None = None
    rates_date: str | None = None

    @property
    def feature_names(self) -> list[str]:
        """The graph's inputs in order."""
        return [feature.name for feature in self.features]

    @property
    def inputs_sha256(self) -> str:
        """The SHA-256 of the inputs' names in order, one a line, which the graph carries too."""
        return inputs_sha256(self.feature_names)

    @cached_property
    def model(self) -> str:
        """The bundle as decisions name it, such as ``ensemble/1``."""
        return f"{self.name}/{self.version}"

    @cached_property
    def member_names(self) -> tuple[str, ...]:
        """The names of the ensemble's models, in the order of their scores."""
        return tuple(member.name for member in self.members)


INPUTS_KEY = "cardwatch.inputs_sha256"
"""The property of a graph that holds `inputs_sha256`: to a graph, inputs are numbers alone."""


def inputs_sha256(names: Sequence[str]) -> str:
    """Return the SHA-256 of names in order, one a line."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as indented JSON with a final line feed."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
