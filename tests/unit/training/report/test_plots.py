"""Plots: the same bytes again, for light and dark paper, true to the numbers."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from tests.unit.training.report.scene import scores, targets
from tests.unit.training.samples import classes, floats
from training.report import plots

NAMES = [f"feature_{i}" for i in range(20)]
GAIN = np.arange(20, dtype=np.float32)
PLOTS: dict[str, Callable[[], str]] = {
    "precision_recall": lambda: plots.precision_recall(targets(), {"a": scores(3), "b": scores(4)}),
    "reliability": lambda: plots.reliability(targets(), {"a": scores(3)}),
    "importance": lambda: plots.importance(NAMES, GAIN, GAIN[::-1].copy()),
    "score_histogram": lambda: plots.score_histogram(targets(), scores(3), {"HIGH": 0.5}),
}


drawn = cache(lambda name: PLOTS[name]())


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_repeats_to_the_byte(name: str) -> None:
    assert PLOTS[name]() == drawn(name)


def test_a_plot_is_the_same_in_another_process_with_another_style(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.hashsalt: other\n")
    code = (
        "import sys; from tests.unit.training.report.test_plots import PLOTS;"
        "sys.stdout.write(PLOTS['precision_recall']())"
    )
    root = Path(__file__).parents[4]
    environment = {"MATPLOTLIBRC": str(tmp_path), "PYTHONPATH": str(root), "PATH": "/usr/bin"}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout == drawn("precision_recall")


def test_a_plot_leaves_the_users_style_alone() -> None:
    with mpl.rc_context({"font.size": 31.0, "svg.hashsalt": "own"}):
        PLOTS["importance"]()
        assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == (31.0, "own")
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_xml_without_dates_or_addresses(name: str) -> None:
    svg = drawn(name)
    ElementTree.fromstring(svg)
    assert "DOCTYPE" not in svg and "dc:date" not in svg
    addresses = set(re.findall(r"https?://[^\"' ]+", svg))
    assert addresses <= {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", PLOTS)
def test_every_colour_has_one_for_dark_paper(name: str) -> None:
    svg = drawn(name)
    style, body = svg.split("</style>", 1)
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", body))
    assert used and used <= set(re.findall(r'"fill: (#[0-9a-f]{6})"', style))


def test_a_small_part_of_the_points_is_drawn() -> None:
    assert len(drawn("precision_recall")) < 60_000


def test_reliability_bins_hold_the_observed_shares() -> None:
    values = floats([0.05, 0.05, 0.05, 0.05, 0.95, 1.0])
    mean, share, low, high = plots.reliability_bins(classes([0, 0, 0, 1, 1, 1]), values)
    assert mean == pytest.approx([0.05, 0.975])
    assert share == pytest.approx([0.25, 1.0])
    # Wilson's interval of 1 in 4, from the formula by hand.
    assert (low[0], high[0]) == pytest.approx((0.0456, 0.6994), abs=1e-4)
    assert low[1] < 1 and high[1] == 1


def test_importance_shows_the_largest_in_the_order_of_contributions() -> None:
    shown = re.findall(r">(feature_\d+)<", plots.importance(NAMES, GAIN, GAIN[::-1].copy()))
    assert len(shown) == plots.MOST_BARS
    assert shown[-1] == "feature_0" and "feature_19" not in shown
    by_gain = re.findall(r">(feature_\d+)<", plots.importance(NAMES, GAIN))
    assert by_gain[-1] == "feature_19"


def test_features_without_any_split_have_no_share() -> None:
    ElementTree.fromstring(plots.importance(["a", "b"], np.zeros(2, dtype=np.float32)))
