"""Figures as SVG text: the same bytes for the same figure, readable on light and on dark paper."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK = "#1c1c22"
PAPER = "#ffffff"
FAINT = "#c9c9d1"
GREY = "#767680"
BLUE, ORANGE, GREEN, PINK = "#0072b2", "#d55e00", "#007a5a", "#b3568f"

# On dark paper each colour has a lighter sister; hues are those of Okabe and Ito, which people
# with any of the common colour blindnesses tell apart.
_ON_DARK = {
    INK: "#e8e8ee",
    PAPER: "#17171c",
    FAINT: "#4a4a55",
    GREY: "#9a9aa6",
    BLUE: "#56b4e9",
    ORANGE: "#f0915a",
    GREEN: "#3fc79a",
    PINK: "#e08fc0",
}

_STYLE: dict[str, Any] = {
    "svg.hashsalt": "cardwatch",  # ids are random without a salt
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with the library, so text has one width everywhere
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": PAPER,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "path.simplify": False,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def render(draw: Callable[[Axes], None], width: float = 6.0, height: float = 4.0) -> str:
    """Return the SVG of a figure of width x height inches whose one pair of axes `draw` fills."""
    return _rendered(lambda figure: draw(figure.add_subplot()), width, height)


def render_rows(
    draw: Callable[[Sequence[Axes]], None], rows: int, width: float = 9.0, row_height: float = 2.2
) -> str:
    """Return the SVG of a figure with `rows` pairs of axes above each other and one abscissa."""

    def fill(figure: Figure) -> None:
        draw(list(figure.subplots(rows, sharex=True)))

    return _rendered(fill, width, rows * row_height)


def _rendered(fill: Callable[[Figure], None], width: float, height: float) -> str:
    """Return the SVG of a figure that `fill` fills.

    What a user has set for matplotlib is left aside meanwhile, and is as it was afterwards.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        for key, value in _STYLE.items():
            mpl.rcParams[key] = value  # type: ignore[index]  # keys are typed one by one
        figure = Figure(figsize=(width, height), layout="constrained")
        fill(figure)
        text = io.StringIO()
        canvas: Any = FigureCanvasSVG(figure)  # published without types
        canvas.print_svg(text, metadata=_NO_METADATA)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]  # without the prolog, which names a DTD on the network
    start = svg.index(">") + 1
    return svg[:start] + _dark_style() + svg[start:]


def data_uri(svg: str) -> str:
    """Return an SVG as the source of an image, so that its ids stay its own within a page."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _dark_style() -> str:
    """Return a style sheet that exchanges colours where the reader's paper is dark."""
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}'
        for light, dark in _ON_DARK.items()
        for kind in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"
