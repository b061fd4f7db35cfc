"""The plots of cards and evaluations; each function returns an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_curve

from training.arrays import Floats
from training.fit_settings import Targets
from training.report.svg import BLUE, GREEN, GREY, INK, ORANGE, PINK, render

MOST_BARS = 15
_POINTS = 200
_BINS = 10
_Z_95 = 1.959964
_LINES = (
    (BLUE, "-"),
    (ORANGE, "--"),
    (GREEN, "-."),
    (PINK, ":"),
    (INK, (0, (5, 1, 1, 1, 1, 1))),
    (INK, (0, (1, 1))),
)

Doubles = npt.NDArray[np.float64]


def precision_recall(targets: Targets, scores: Mapping[str, Floats]) -> str:
    """Draw precision over recall of each named float32[n] of scores against int8[n] targets."""

    def draw(axes: Axes) -> None:
        for place, (name, values) in enumerate(scores.items()):
            recall, precision = _curve(targets, values)
            colour, line = _LINES[place % len(_LINES)]
            quality = average_precision_score(targets, values)
            label = f"{name} (AP {quality:.3f})"
            axes.plot(recall, precision, color=colour, linestyle=line, label=label)
        share = float(targets.mean())
        axes.axhline(share, color=GREY, linestyle="-", label=f"by chance ({share:.4f})")
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(loc="best")

    return render(draw)


def reliability(targets: Targets, scores: Mapping[str, Floats]) -> str:
    """Draw the observed share of frauds over the mean score, in ten bins of equal width.

    Bars are Wilson's 95 % intervals of the share; the legend has the Brier score, the mean squared
    difference of score and target. (Wilson 1927, Journal of the American Statistical Association.)
    """

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1.2, label="perfectly calibrated")
        for place, (name, values) in enumerate(scores.items()):
            mean, share, below, above = reliability_bins(targets, values)
            colour, line = _LINES[place % len(_LINES)]
            label = f"{name} (Brier {brier_score_loss(targets, np.clip(values, 0, 1)):.5f})"
            axes.errorbar(
                mean,
                share,
                yerr=np.vstack([share - below, above - share]),
                color=colour,
                linestyle=line,
                marker="os^Dvx"[place % 6],
                markersize=4,
                capsize=2,
                elinewidth=1,
                label=label,
            )
        axes.set(xlabel="mean score", ylabel="share of frauds", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(loc="upper left")

    return render(draw)


def reliability_bins(targets: Targets, scores: Floats) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Return mean score, share of frauds, and its 95 % interval, for each bin with a payment.

    >>> reliability_bins(np.int8([0, 1]), np.float32([0.02, 0.98]))[1].tolist()
    [0.0, 1.0]
    """
    bins = np.minimum((scores * _BINS).astype(np.int64), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    filled = counts > 0
    count = counts[filled].astype(np.float64)
    mean = np.bincount(bins, weights=scores, minlength=_BINS)[filled] / count
    share = np.bincount(bins, weights=targets, minlength=_BINS)[filled] / count
    centre = (share + _Z_95**2 / (2 * count)) / (1 + _Z_95**2 / count)
    spread = share * (1 - share) / count + _Z_95**2 / (4 * count**2)
    half = _Z_95 * np.sqrt(spread) / (1 + _Z_95**2 / count)
    return mean, share, np.minimum(centre - half, share), np.maximum(centre + half, share)


def importance(names: Sequence[str], gain: Floats, contribution: Floats | None = None) -> str:
    """Draw the features with the largest shares, float[k] of gain and of mean |SHAP| value.

    Each is shown as a share of its sum; without contributions only gain is drawn. The order is
    that of the contributions where they are known, for gain favours features with many values.
    """
    shares = {"gain": _shares(gain)}
    if contribution is not None:
        shares["mean |SHAP value|"] = _shares(contribution)
    order = np.argsort(-list(shares.values())[-1], kind="stable")[:MOST_BARS][::-1]
    height = 0.8 / len(shares)

    def draw(axes: Axes) -> None:
        rows = np.arange(len(order), dtype=np.float64)
        for place, (kind, values) in enumerate(shares.items()):
            offset = (len(shares) - 1) * height / 2 - place * height
            axes.barh(rows + offset, values[order], height, color=(BLUE, ORANGE)[place], label=kind)
        axes.set_yticks(rows, [names[i] for i in order])
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="share of all features")
        if len(shares) > 1:
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)

    return render(draw, width=7.0, height=1.0 + 0.28 * len(order))


def score_histogram(targets: Targets, scores: Floats, levels: Mapping[str, float]) -> str:
    """Draw how many frauds and good payments have each score, with the named thresholds.

    Payments without labels are drawn as one.
    """
    edges = np.linspace(0, 1, 41)
    kinds = ((-1, "payments", BLUE), (0, "good payments", BLUE), (1, "frauds", ORANGE))

    def draw(axes: Axes) -> None:
        for value, name, colour in kinds:
            if not (targets == value).any():
                continue
            counts, _ = np.histogram(scores[targets == value], edges)
            line = "--" if value == 0 else "-"
            axes.stairs(counts, edges, color=colour, linestyle=line, linewidth=1.8, label=name)
        for name, level in levels.items():
            axes.axvline(level, color=INK, linewidth=1, linestyle=":")
            axes.annotate(
                name,
                (level, 0.98),
                xycoords=("data", "axes fraction"),
                rotation=90,
                ha="right",
                va="top",
                fontsize=8,
            )
        axes.set(xlabel="score", ylabel="payments", xlim=(0, 1), yscale="symlog", ylim=(0, None))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.legend(loc="upper right")

    return render(draw)


def _curve(targets: Targets, scores: Floats) -> tuple[Doubles, Doubles]:
    """Return recall and precision at 200 even steps of recall or fewer."""
    precision, recall, _ = precision_recall_curve(targets, scores)
    recall, precision = recall[::-1], precision[::-1]
    rows = np.unique(np.searchsorted(recall, np.linspace(0, 1, _POINTS + 1)))
    return recall[rows], precision[rows]


def _shares(values: Floats) -> Doubles:
    """Scale values to sum to 1; all zero where they are."""
    total = float(values.sum())
    return values.astype(np.float64) / total if total > 0 else values.astype(np.float64)
