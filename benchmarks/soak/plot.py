"""The plot of a soak: what has to stay flat, over the minutes."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from benchmarks.soak.run import Soak
from training.report.svg import BLUE, GREEN, INK, ORANGE, PINK, render_rows

_LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PINK, ":"), (INK, (0, (5, 1, 1, 1))))
_PANELS: tuple[tuple[str, str, Sequence[str]], ...] = (
    (
        "memory, MiB",
        "linear",
        (
            "taskmanager-1_native_mib",
            "taskmanager-2_native_mib",
            "taskmanager-1_heap_mib",
            "taskmanager-2_heap_mib",
            "broker_heap_mib",
        ),
    ),
    ("checkpoint, MiB", "linear", ("checkpoint_mib",)),
    (
        "latency, ms",
        "log",
        ("provisional_p50_ms", "provisional_p99_ms", "committed_p50_ms", "committed_p99_ms"),
    ),
    ("CPU, us a payment", "linear", ("cpu_us_per_payment",)),
)


def plot(soak: Soak) -> str:
    """Return the figures of a soak over its minutes as SVG, a panel for each unit."""

    def draw(panels: Sequence[Axes]) -> None:
        for axes, (label, scale, figures) in zip(panels, _PANELS, strict=True):
            for (colour, line), figure in zip(_LINES, figures, strict=False):
                at_s, values = soak.series(figure)
                minutes = [at / 60 for at in at_s]
                axes.plot(minutes, values, color=colour, linestyle=line, label=_worded(figure))
            axes.set(ylabel=label, yscale=scale)
            if scale == "linear":
                axes.set_ylim(bottom=0)
            if len(figures) > 1:
                axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        panels[-1].set_xlabel("minutes")

    return render_rows(draw, len(_PANELS))


def _worded(figure: str) -> str:
    """Return a figure's name without its unit.

    >>> _worded("taskmanager-1_heap_mib")
    'taskmanager-1 heap'
    """
    return figure.rpartition("_")[0].replace("_", " ")
