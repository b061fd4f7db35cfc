"""The manifest of a model bundle: what it holds, how it came to be, how good it is."""

from __future__ import annotations

import msgspec

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
GRAPH_FILE = "ensemble.onnx"
GOLDEN_FILE = "golden.npz"
COVERS_FILE = "covers.npz"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a manifest: keyword arguments only, unknown fields refused."""


class Profile(_Part, frozen=True):
    """How a feature was distributed in the training data; missing values are left out.

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
    """One model of the ensemble: its name in the graph's outputs, its weight, its own graph."""

    name: str
    kind: str
    weight: float
    file: str
    trees: int
    parameters: dict[str, float | int | str | None]


class Calibration(_Part, frozen=True):
    """Platt scaling of the weighted average: sigmoid(slope * average + intercept)."""

    slope: float
    intercept: float
    method: str


class Thresholds(_Part, frozen=True):
    """The probabilities from which a payment is MEDIUM and HIGH, both exact in float32.

    ``alert_share`` and ``precision`` are what validation showed at or above each level.
    """

    medium: float
    high: float
    method: str
    alert_share: dict[str, float]
    precision: dict[str, float]


class Period(_Part, frozen=True):
    """One part of the time-ordered split; times are epoch milliseconds, both ends included."""

    first_ms: int
    last_ms: int
    payments: int
    frauds: int


class TrainingData(_Part, frozen=True):
    """What the bundle was trained and judged on.

    With ``refit`` the models were fitted once more on all three periods and what lies between
    them; thresholds and metrics are those of the models fitted on ``train`` alone.
    """

    source: str
    sha256: str
    label_delay_ms: int
    refit: bool
    train: Period
    validation: Period
    test: Period


class Reproduction(_Part, frozen=True):
    """The command that makes this bundle again, and the seed of every random choice in it."""

    command: str
    seed: int


class Parity(_Part, frozen=True):
    """What the export gate saw: native models against the graph, on how many rows of each case."""

    tolerance: float
    max_difference: float
    risk_level_changes: int
    rows: dict[str, int]


class Manifest(_Part, frozen=True):
    """Everything about a bundle that is not a model file."""

    format_version: int
    name: str
    version: int
    feature_set: int
    features: list[InputFeature]
    members: list[Member]
    calibration: Calibration | None
    thresholds: Thresholds
    training: TrainingData
    reproduction: Reproduction
    libraries: dict[str, str]
    metrics: dict[str, dict[str, float]]
    parity: Parity
    files: dict[str, str]

    @property
    def feature_names(self) -> list[str]:
        """The graph's inputs in order."""
        return [feature.name for feature in self.features]

    @property
    def model(self) -> str:
        """The bundle as decisions name it, such as ``ensemble/1``."""
        return f"{self.name}/{self.version}"


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as indented JSON with a final line feed."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
