"""The page of an evaluation: models on the same test payments, beside what others published."""

from __future__ import annotations

from dataclasses import dataclass

from training.metrics.results import Evaluation, ModelResult, PublishedRow
from training.report import plots
from training.report.page import NOTHING, number, render_page

_DIGITS = {"brier": 5}


@dataclass(frozen=True)
class _Row:
    """One model's cells, as text, and where its figures come from."""

    name: str
    note: str
    cells: list[str]


def evaluation_page(evaluation: Evaluation) -> str:
    """Return the HTML page of an evaluation; the same input gives the same bytes.

    Figures are means over folds with their deviation; the model with the best average precision is
    marked, and its scores are drawn.
    """
    best = max(evaluation.models, key=lambda model: model.mean("average_precision"))
    figures = list(best.folds[0])
    return render_page(
        "evaluation.html",
        evaluation=evaluation,
        figures=figures,
        best=best.name,
        rows=[_Row(one.name, one.description, _cells(one, figures)) for one in evaluation.models],
        published=[
            _Row(
                row.name,
                row.source,
                [_published(row, name) for name in figures],
            )
            for row in evaluation.published
        ],
        folds=[
            (one.name, [[number(fold[n], _digits(n)) for n in figures] for fold in one.folds])
            for one in evaluation.models
        ],
        plots=[
            _precision_recall(evaluation),
            {
                "svg": plots.reliability(best.targets, {best.name: best.scores}),
                "alt": f"Share of frauds over the mean score of {best.name}, in ten bins.",
                "caption": f"Reliability of {best.name}: below the diagonal its scores are too "
                "high. Bars are 95 % intervals.",
            },
            {
                "svg": plots.score_histogram(best.targets, best.scores, {}),
                "alt": f"How many frauds and good payments have each score of {best.name}.",
                "caption": f"Scores of {best.name} for frauds and for good payments, on a "
                "logarithmic axis.",
            },
        ],
    )


def _precision_recall(evaluation: Evaluation) -> dict[str, str]:
    """Draw the models whose test payments are the same; others have curves of other frauds."""
    targets = evaluation.models[0].targets
    same = [m for m in evaluation.models if len(m.targets) == len(targets)]
    same = [m for m in same if (m.targets == targets).all()]
    return {
        "svg": plots.precision_recall(targets, {model.name: model.scores for model in same}),
        "alt": "Precision over recall of each model.",
        "caption": "Precision over recall on the test payments of all folds together; the average "
        "precision here is over all of them at once, in the table the mean over folds.",
    }


def _cells(model: ModelResult, figures: list[str]) -> list[str]:
    """Return mean, deviation over folds and interval of each figure."""
    cells = []
    for name in figures:
        text = _text(name, model.mean(name), model.deviation(name))
        if name in model.intervals:
            low, high = (number(end, _digits(name)) for end in model.intervals[name])
            text += f" ({low} to {high})"
        cells.append(text)
    return cells


def _text(name: str, value: float, deviation: float | None) -> str:
    """Write a figure with its deviation where there is one."""
    digits = _digits(name)
    spread = f" ± {number(deviation, digits)}" if deviation is not None else ""
    return number(value, digits) + spread


def _published(row: PublishedRow, name: str) -> str:
    """Write a published figure as precisely as it is published, a dash where it is not."""
    if name not in row.figures:
        return NOTHING
    spread = f" ± {row.spread[name]:.2f}" if name in row.spread else ""
    return f"{row.figures[name]:.3f}{spread}"


def _digits(name: str) -> int:
    return _DIGITS.get(name, 4)
