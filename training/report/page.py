"""HTML from templates: the environment that every page shares, and its filters."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.report.svg import data_uri

TEMPLATES = Path(__file__).parent / "templates"
NOTHING = "-"
_LABELS = {
    "auc_roc": "AUC ROC",
    "average_precision": "Average precision",
    "precision_at_top_0_1_percent": "Precision in the top 0.1 %",
    "recall_at_1_percent_fpr": "Recall at 1 % false positives",
    "recall_at_0_1_percent_fpr": "Recall at 0.1 % false positives",
    "card_precision_at_100": "Card precision at 100 a day",
    "brier": "Brier score (lower is better)",
    "brier_score": "Brier score (lower is better)",
}


def render_page(template: str, **values: object) -> str:
    """Return the page of a template in templates/; a value that it lacks is an error."""
    return _environment().get_template(template).render(**values)


def label(name: str) -> str:
    """Return the heading of a figure by its key, the key in words where it has none of its own.

    >>> label("auc_roc"), label("saved_a_day")
    ('AUC ROC', 'Saved a day')
    """
    words = name.replace("_", " ")
    return _LABELS.get(name, words[:1].upper() + words[1:])


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands divided, a dash for None."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def share(value: float | None, digits: int = 1) -> str:
    """Return a share as per cent, a dash for None."""
    return NOTHING if value is None else f"{100 * value:,.{digits}f} %"


def day(time_ms: int) -> str:
    """Return the UTC date of epoch milliseconds."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).date().isoformat()


def plot(svg: str, alt: str) -> Markup:
    """Return an image of an SVG, with words for those who do not see it."""
    return Markup('<img src="{}" alt="{}">').format(data_uri(svg), alt)


@cache
def _environment() -> Environment:
    """Return the environment; what is put into a page is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "share": share, "day": day, "label": label}
    environment.globals |= {"plot": plot}
    return environment
