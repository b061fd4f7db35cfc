"""Pages: complete, offline, accessible, and right about the numbers."""

from dataclasses import replace
from functools import cache
from html import unescape

import msgspec
import numpy as np
import pytest

from features.catalogue import TERMS
from scoring.bundle.manifest import CARD_FILE, Manifest
from scoring.loader import read_manifest
from tests.unit.training.report.scene import (
    ROWS,
    Page,
    evaluation,
    measured,
    scores,
    targets,
)
from tests.unit.training.samples import classes, floats, random_registry
from training.arrays import Floats
from training.report import evaluation_page, model_card
from training.report.card import expected_rows
from training.report.measured import SAMPLE_ROWS, Measured, confusion, segment_rows


def manifest() -> Manifest:
    return read_manifest(random_registry() / "ensemble" / "1")


def contributions() -> Floats:
    return np.linspace(1, 0, len(manifest().features), dtype=np.float32)


PAGES = {
    "card": lambda: model_card(manifest(), measured(), None),
    "card with contributions": lambda: model_card(manifest(), measured(), contributions()),
    "evaluation": lambda: evaluation_page(evaluation()),
    "evaluation of one fold": lambda: evaluation_page(evaluation(folds=1)),
}


written = cache(lambda name: PAGES[name]())


@pytest.mark.parametrize("name", ["card", "evaluation"])
def test_a_page_repeats_to_the_byte(name: str) -> None:
    assert PAGES[name]() == written(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_from_outside_and_runs_nothing(name: str) -> None:
    html = written(name)
    page = Page(html)
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.addresses)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert "url(" not in html and "@import" not in html


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_heard(name: str) -> None:
    html = written(name)
    page = Page(html)
    assert '<html lang="en">' in html
    assert page.tags.count("h1") == 1 and page.tags.count("title") == 1
    assert page.images and all(len(image["alt"] or "") > 20 for image in page.images)
    assert html.count("<th ") == html.count("<th scope=")
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.targets) <= set(page.ids)


def test_a_card_says_which_payments_its_contributions_are_of() -> None:
    drawn = min(SAMPLE_ROWS, manifest().training.test.payments)
    assert f"the mean of its size over {drawn:,} payments" in written("card with contributions")
    assert "SHAP" not in written("card")


def test_the_card_of_a_bundle_is_among_its_hashed_files() -> None:
    folder = random_registry() / "ensemble" / "1"
    assert CARD_FILE in manifest().files
    text = (folder / CARD_FILE).read_text()
    assert "AUC ROC" in text and "Amount" in text


def test_a_card_tells_data_models_thresholds_and_how_to_make_it_again() -> None:
    told = manifest()
    text = " ".join(Page(written("card")).text.split())
    for fact in (
        told.training.source,
        told.training.sha256,
        f"{told.training.test.payments:,}",
        told.thresholds.method,
        f"{told.thresholds.high:.4f}",
        told.reproduction.command,
        told.libraries["onnxruntime"],
        f"{told.metrics['xgboost']['average_precision']:.4f}",
        *told.feature_names,
    ):
        assert fact in text, fact


def test_a_card_says_what_a_reader_must_not_conclude() -> None:
    told = manifest()
    raw = msgspec.structs.replace(told, calibration=None)
    assert "not calibrated" in model_card(raw, measured(), None)
    assert "not calibrated" not in written("card") and "the Brier score" in written("card")
    assert "simulated" not in written("card")
    for source in ("generator: 10 customers", "world: 10 users"):
        data = msgspec.structs.replace(told.training, source=source)
        card = model_card(msgspec.structs.replace(told, training=data), measured(), None)
        assert "simulated" in card


def test_a_card_says_what_the_words_of_its_inputs_mean() -> None:
    """A description says "earlier" and "the last 24h" and has no room to say what they are."""
    text = unescape(written("card"))
    assert all(term in text for term in TERMS)
    assert all(len(term.split()) <= 25 for term in TERMS)


def test_expectations_are_shown_with_their_intervals_where_they_have_them() -> None:
    precise = {"value": 0.5, "low": 0.4, "high": 0.6}
    told = {
        "medium": 0.1,
        "precision": {"MEDIUM": 0.5, "HIGH": 0.9},
        "recall": {},
        "goals": {"MEDIUM": "share:0.01", "HIGH": "cost"},
        "expected": {
            "MEDIUM": {
                "alerts_a_day": {"value": 120.0, "low": 90.0, "high": 1500.0},
                "precision": precise,
            },
            "HIGH": {"alerts_a_day": {"value": 12.0, "low": 9.0, "high": 15.0}, "precision": None},
        },
    }
    assert [(row.name, row.medium, row.high) for row in expected_rows(told)] == [
        ("precision", "50.00 % (40.00 % to 60.00 %)", "-"),
        ("goals", "share:0.01", "cost"),
        ("alerts_a_day", "120.0 (90.0 to 1,500.0)", "12.0 (9.0 to 15.0)"),
    ]


def test_names_from_the_data_are_escaped() -> None:
    told = manifest()
    data = msgspec.structs.replace(told.training, source="<script>alert(1)</script>.csv")
    html = model_card(msgspec.structs.replace(told, training=data), measured(), None)
    assert "<script>" not in html and "<b>pos</b>" not in html
    assert "<b>pos</b>" in unescape(html)


def test_confusion_adds_up_and_a_threshold_belongs_to_the_level_it_opens() -> None:
    values = floats([0.1, 0.5, 0.5, 0.9, 0.9])
    one = Measured(classes([0, 0, 1, 1, 0]), values, {})
    high, medium, low = confusion(one, medium=0.5, high=float(np.float32(0.9)))
    assert [(r.payments, r.frauds) for r in (low, medium, high)] == [(1, 0), (2, 1), (2, 1)]
    assert (medium.alerts, medium.precision, medium.recall) == (4, 0.5, 1.0)
    assert high.false_positive_rate == pytest.approx(1 / 3)


def test_a_level_without_alerts_has_no_precision() -> None:
    high = confusion(Measured(targets(), scores(3), {}), medium=2.0, high=3.0)[0]
    assert (high.alerts, high.precision) == (0, None)


def test_a_card_without_labels_leaves_out_what_depends_on_them() -> None:
    told = manifest()
    training = msgspec.structs.replace(told.training, labelled=False)
    told = msgspec.structs.replace(told, training=training, metrics={})
    unknown = np.full(ROWS, -1, dtype=np.int8)
    html = model_card(told, replace(measured(), targets=unknown), None)
    assert "There were no labels" in html and "AUC ROC" not in html
    assert len(Page(html).images) == 2  # scores and importance
    high = confusion(replace(measured(), targets=unknown), medium=0.2, high=0.5)[0]
    assert high.alerts > 0 and (high.frauds, high.recall) == (None, None)


def test_segments_add_up_to_the_whole() -> None:
    [(name, rows)] = segment_rows(measured(), medium=0.2)
    assert name == "Channel"
    assert sum(row.payments for row in rows) == ROWS
    assert sum(row.frauds or 0 for row in rows) == int(targets().sum())
    web, pos = rows
    assert web.average_precision is not None and web.recall is not None
    # Every fraud of the scene is in an even row, so the other kind has none.
    assert (pos.frauds, pos.recall, pos.average_precision) == (0, None, None)


def test_a_part_without_divisions_says_so() -> None:
    assert "names neither amount" in model_card(manifest(), replace(measured(), segments=()), None)


def test_an_evaluation_shows_mean_spread_interval_and_what_is_published() -> None:
    html = written("evaluation")
    text = " ".join(Page(html).text.split())
    assert "0.8200 ± 0.0100 (0.7500 to 0.9200)" in text
    assert "0.876 ± 0.02" in text and "a book" in text
    assert "2018-07-25 to 2018-07-31" in text
    assert html.count('class="chosen"') == 1
    assert '<tr class="chosen"><th scope="row">tuned &amp; tested' in html


def test_one_fold_has_no_spread() -> None:
    text = Page(written("evaluation of one fold")).text
    assert "0.8100 (0.7500 to 0.9200)" in text
    assert "fold by fold" not in text
