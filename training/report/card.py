"""The model card: what a bundle is for, how it came to be, how good it is, and where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from events.levels import ALERT_LEVELS, HIGH, MEDIUM
from features.catalogue import FEATURES, TERMS
from scoring.bundle.manifest import Manifest
from training.arrays import Floats
from training.report import plots
from training.report.measured import FEWEST_FRAUDS, SAMPLE_ROWS, Measured, confusion, segment_rows
from training.report.page import NOTHING, number, render_page, share

_SECTIONS = (
    ("use", "Use and limits"),
    ("data", "Data"),
    ("models", "Models"),
    ("figures", "Figures"),
    ("thresholds", "Thresholds"),
    ("segments", "Kinds of payments"),
    ("features", "Features"),
    ("again", "Making it again"),
)
_PARTS = ("train", "validation", "test")
_SIMULATED = ("generator:", "world:")


@dataclass(frozen=True)
class _Plot:
    """An SVG, the words that stand for it, and the line below it."""

    svg: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Expected:
    """One figure of validation at both levels, as text."""

    name: str
    medium: str
    high: str


def model_card(manifest: Manifest, measured: Measured, contributions: Floats | None) -> str:
    """Return the HTML card of a bundle; the same input gives the same bytes.

    ``measured`` is the test part; ``contributions`` float32[k] are those of
    `training.packaging.contributions`, None where no model has trees. What the manifest
    says of files is not shown, so the card can be one of them.
    """
    levels = manifest.thresholds.by_level
    return render_page(
        "card.html",
        manifest=manifest,
        data=manifest.training,
        periods=[(name, getattr(manifest.training, name)) for name in _PARTS],
        sections=_SECTIONS,
        purpose=_purpose(manifest),
        limits=_limits(manifest),
        combination=_combination(manifest),
        models=list(manifest.metrics),
        figures=_figures(manifest),
        plots=_plots(measured, levels),
        expected=expected_rows(msgspec.to_builtins(manifest.thresholds)),
        confusion=confusion(measured, **{name.lower(): level for name, level in levels.items()}),
        segments=list(segment_rows(measured, manifest.thresholds.medium)),
        fewest_frauds=FEWEST_FRAUDS,
        importance=_importance(manifest, contributions),
        contributions=None if contributions is None else contributions.tolist(),
        descriptions={feature.name: feature.description for feature in FEATURES},
        terms=TERMS,
    )


def _purpose(manifest: Manifest) -> str:
    """Say in two sentences what the bundle does."""
    names = " and ".join(member.name.replace("_", " ") for member in manifest.members)
    return (
        f"Scores how likely a card payment is to be fraud, from {len(manifest.features)} inputs "
        f"known while it is on its way, with {names} in one graph. Feature set "
        f"{manifest.feature_set}, the same code in training and in the stream."
    )


def _limits(manifest: Manifest) -> list[str]:
    """Name what a reader must not conclude from the figures."""
    data = manifest.training
    limits = [
        f"The figures are those of one source and of the {data.test.payments:,} payments that "
        "follow its training in time. Another portfolio, another country or another year needs "
        "its own: train on its history, or judge this bundle on it before it decides anything.",
        f"Labels were taken to arrive {data.label_delay_ms / 86_400_000:g} days after the "
        "payment. Where they take longer, or where frauds are never reported, recall is lower "
        "than it says here.",
        "Fraud adapts. Compare the inputs with the distributions below, and train again when they "
        "drift.",
        "No input is a property of a person; what stands in for one (a place, a shop, an hour) "
        "is not free of it. The table of kinds of payments shows where the model errs more; the "
        "data hold no groups of people to compare.",
        "A score is no proof. Blocking a customer's card for good takes a person's judgement.",
    ]
    if not data.labelled:
        limits.insert(
            0,
            "There were no labels. The models learnt what is unusual, and nobody knows how much of "
            "that is fraud; what depends on labels is left out below.",
        )
    if data.source.startswith(_SIMULATED):
        limits.insert(
            0,
            "The payments are simulated. The figures say that the method works on patterns that "
            "were put there, and nothing about a real portfolio.",
        )
    if manifest.calibration is None:
        limits.append(
            "The score is not calibrated: it ranks payments, and is a probability only as far as "
            "the reliability plot shows."
        )
    return limits


def _combination(manifest: Manifest) -> str:
    """Say how the members become one score."""
    sentence = {
        "weighted": "The score is the average of the models by weight",
        "stacking": "The score is a logistic regression of the models' log-odds",
        "rank": "The score is the mean of the models' ranks",
    }[manifest.combination.method]
    calibration = manifest.calibration
    if calibration is None:
        return f"{sentence}, without calibration."
    return (
        f"{sentence}, calibrated on validation ({calibration.method}): the Brier score on the test "
        f"part is {calibration.brier_after:.5f} with it and {calibration.brier_before:.5f} without."
    )


def _figures(manifest: Manifest) -> dict[str, dict[str, float | None]]:
    """Return each figure with its value for each model; nothing without labels."""
    metrics = manifest.metrics
    return {
        name: {model: figures.get(name) for model, figures in metrics.items()}
        for name in metrics.get("ensemble", {})
    }


def _plots(measured: Measured, levels: dict[str, float]) -> list[_Plot]:
    """Draw what the test part shows; without labels that is only how scores are spread."""
    targets = measured.targets
    spread = _Plot(
        plots.score_histogram(targets, measured.scores, levels),
        "How many payments have each score, frauds and good ones where they are known, with both "
        "thresholds.",
        "Scores of the payments, on a logarithmic axis; dotted lines are the thresholds.",
    )
    if not measured.labelled:
        return [spread]
    return [
        _Plot(
            plots.precision_recall(targets, measured.curves()),
            "Precision over recall of the ensemble and of each model.",
            "Precision over recall on the test part, with the average precision of each.",
        ),
        _Plot(
            plots.reliability(targets, {"ensemble": measured.scores}),
            "Share of frauds over the mean score of the ensemble, in ten bins.",
            "Reliability of the ensemble: below the diagonal its scores are too high. Bars are "
            "95 % intervals.",
        ),
        spread,
    ]


def _importance(manifest: Manifest, contributions: Floats | None) -> _Plot:
    """Draw the features that matter most."""
    names = manifest.feature_names
    gain = np.array([feature.importance for feature in manifest.features], dtype=np.float32)
    order = np.argsort(-(gain if contributions is None else contributions), kind="stable")
    first = ", ".join(names[i] for i in order[:5])
    caption = f"The {min(plots.MOST_BARS, len(names))} inputs that matter most. Gain is what "
    caption += "splits on an input improve, over the models by their weights"
    if contributions is not None:
        rows = min(SAMPLE_ROWS, manifest.training.test.payments)
        caption += "; the SHAP value is what an input adds to a payment's score before "
        caption += "calibration, by the models with trees, here the mean of its size over "
        caption += f"{rows:,} payments of the test part, drawn evenly by the seed"
    return _Plot(
        plots.importance(names, gain, contributions),
        f"Importance of the inputs; the first five are {first}.",
        caption + ".",
    )


def expected_rows(thresholds: Mapping[str, object]) -> list[Expected]:
    """Return what a manifest's thresholds tell of both levels, whichever figures they have.

    A figure that is told once plainly and once with its interval is shown with the interval.

    >>> expected_rows({"alert_share": {"MEDIUM": 0.01, "HIGH": 0.002}})
    [Expected(name='alert_share', medium='1.00 %', high='0.20 %')]
    """
    rows: dict[str, Expected] = {}
    for name, levels in thresholds.items():
        if not isinstance(levels, dict) or set(levels) != {*ALERT_LEVELS}:
            continue
        medium, high = levels[MEDIUM], levels[HIGH]
        pairs = (
            {key: (medium[key], high[key]) for key in medium}
            if isinstance(medium, dict)
            else {name: (medium, high)}
        )
        for key, (left, right) in pairs.items():
            rows[key] = Expected(key, _text(key, left), _text(key, right))
    return list(rows.values())


def _text(name: str, value: object) -> str:
    """Write a figure of validation: text, number or share, with its interval where it has one."""
    if isinstance(value, dict):
        low, high = _text(name, value["low"]), _text(name, value["high"])
        return f"{_text(name, value['value'])} ({low} to {high})"
    if not isinstance(value, (int, float)):
        return NOTHING if value is None else str(value)
    if name in ("alert_share", "precision", "recall"):
        return share(value, 2)
    return number(value, 4 if abs(value) < 1 else 1)
