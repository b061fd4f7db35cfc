"""A manifest is what its digest says, agrees with itself, and says what the graph holds."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.catalogue import FEATURE_SET_VERSION
from features.money.shipped import SHIPPED
from scoring.bundle.manifest import DIGEST_FILE, MANIFEST_FILE, RATES_FILE
from scoring.bundle.manifest_file import seal
from scoring.bundle.rates_file import rates_of
from scoring.loader import BundleError, load_bundle, read_manifest, verify_golden
from tests.fuzz.targets.small_bundle import small_bundle
from tests.unit.training.samples import ORIGIN, SMALL, random_history, random_registry
from training.fit_settings import CalibrationMethod, CombineMethod
from training.packaging.pipeline import Destination, Settings, train

FORMATS = Path(__file__).parent / "formats"

Fields = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(random_registry() / "ensemble" / "1", tmp_path / "1"))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        verify_golden(load_bundle(folder))
    return str(caught.value)


def rewrite(folder: Path, change: Callable[[Fields], object]) -> None:
    """Change the fields of a manifest, and seal it again."""
    manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    change(manifest)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))
    seal(folder)


def flipped(raw: bytes, bit: int) -> bytes:
    altered = bytearray(raw)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


def span(raw: bytes, begin: bytes, end: bytes) -> range:
    """Return the bits from one mark of the manifest to the next."""
    first = raw.index(begin)
    return range(8 * first, 8 * raw.index(end, first))


def bits_of(found: re.Match[bytes]) -> range:
    return range(8 * found.start(), 8 * found.end())


def test_no_bit_of_a_manifest_can_change(folder: Path) -> None:
    path = folder / MANIFEST_FILE
    whole = path.read_bytes()
    bits = [
        *span(whole, b'"thresholds"', b'"method"'),
        *(bit for weight in re.finditer(rb'"weight": [^,]+', whole) for bit in bits_of(weight)),
        *random.Random(16).sample(range(8 * len(whole)), 300),
    ]
    read_manifest(folder)
    for bit in bits:
        path.write_bytes(flipped(whole, bit))
        with pytest.raises(BundleError, match=r"Altered manifest in .*wanted .*, got "):
            read_manifest(folder)


def test_no_bit_of_the_digest_can_change(folder: Path) -> None:
    path = folder / DIGEST_FILE
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        path.write_bytes(flipped(whole, bit))
        with pytest.raises(BundleError, match="Altered manifest"):
            read_manifest(folder)


def test_a_manifest_of_this_format_needs_its_digest(folder: Path) -> None:
    (folder / DIGEST_FILE).unlink()
    assert f"Missing file in {folder}: wanted a file {DIGEST_FILE}" in refusal(folder)


def test_rates_that_are_not_the_manifests_are_refused(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest.update(rates_date="2026-10-05"))
    assert f"Other rates in {folder / RATES_FILE}: wanted EUR of 2026-10-05, got" in refusal(folder)


def test_rates_that_were_changed_or_lost_are_refused(folder: Path) -> None:
    path = folder / RATES_FILE
    path.write_bytes(path.read_bytes().replace(b"1.1269", b"1.1270"))
    assert f"Altered file in {path}" in refusal(folder)
    path.unlink()
    assert f"Missing file in {folder}: wanted {RATES_FILE}" in refusal(folder)


def test_a_bundle_has_the_rates_that_it_was_trained_with(tmp_path: Path) -> None:
    rates = SHIPPED.based_on("JPY")
    folder = train(random_history(), Settings(SMALL, rates=rates), ORIGIN, Destination(tmp_path))
    bundle = load_bundle(folder)
    assert bundle.rates == rates and bundle.manifest.reference_currency == "JPY"
    assert rates_of(folder) == rates and rates_of(random_registry() / "ensemble" / "1") == SHIPPED


def test_a_digest_has_the_form_that_sha256sum_checks(folder: Path) -> None:
    digest, name = (folder / DIGEST_FILE).read_text().split("  ")
    assert len(digest) == 64 and name == f"{MANIFEST_FILE}\n"


@pytest.mark.parametrize("number", sorted(path.name for path in FORMATS.iterdir()))
def test_a_bundle_of_an_older_format_loads(tmp_path: Path, number: str) -> None:
    folder = Path(shutil.copytree(FORMATS / number, tmp_path / "1"))
    path = folder / MANIFEST_FILE
    manifest = json.loads(path.read_bytes())
    assert manifest["format_version"] == int(number)
    path.write_text(json.dumps(manifest | {"feature_set": FEATURE_SET_VERSION}))
    if (folder / DIGEST_FILE).exists():
        seal(folder)
    assert verify_golden(load_bundle(folder)) == 0.0


def test_an_older_format_beside_a_digest_is_held_to_it(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(small_bundle(), tmp_path / "1"))
    path = folder / MANIFEST_FILE
    path.write_text(path.read_text().replace('"format_version": 4', '"format_version": 2'))
    assert "Altered manifest" in refusal(folder)


def medium_above_high(manifest: Fields) -> None:
    manifest["thresholds"]["medium"] = manifest["thresholds"]["high"] * 2


def medium_at_zero(manifest: Fields) -> None:
    manifest["thresholds"]["medium"] = 0.0


def medium_moved(manifest: Fields) -> None:
    manifest["thresholds"]["medium"] = manifest["thresholds"]["high"] / 2


def medium_moved_everywhere(manifest: Fields) -> None:
    medium_moved(manifest)
    manifest["thresholds"]["high"] = 1.0
    manifest["thresholds"]["expected"] = {}


def medium_in_more_digits_than_float32_has(manifest: Fields) -> None:
    manifest["thresholds"]["medium"] += 1e-12


def weights_swapped(manifest: Fields) -> None:
    one, two = manifest["members"]
    one["weight"], two["weight"] = two["weight"] - 0.05, one["weight"] + 0.05


def two_inputs_swapped(manifest: Fields) -> None:
    features = manifest["features"]
    features[0], features[1] = features[1], features[0]


def calibration_forgotten(manifest: Fields) -> None:
    manifest["calibration"] = None


def calibration_moved(manifest: Fields) -> None:
    manifest["calibration"]["parameters"]["y"][1] += 0.01


def calibration_cut(manifest: Fields) -> None:
    manifest["calibration"]["parameters"]["x"].pop()


def calibration_of_another_kind(manifest: Fields) -> None:
    manifest["calibration"] |= {"method": "sigmoid"}


def more_frauds_than_payments(manifest: Fields) -> None:
    manifest["training"]["test"]["frauds"] = manifest["training"]["test"]["payments"] + 1


def judged_before_training(manifest: Fields) -> None:
    manifest["training"]["test"]["first_ms"] = 0


def a_metric_above_one(manifest: Fields) -> None:
    manifest["metrics"]["ensemble"]["auc_roc"] = 1.9


def more_alerts_at_high(manifest: Fields) -> None:
    manifest["thresholds"]["alert_share"] = {"MEDIUM": 0.01, "HIGH": 0.02}


def a_precision_above_one(manifest: Fields) -> None:
    manifest["thresholds"]["precision"]["HIGH"] = 1.5


WRONG: list[tuple[Callable[[Fields], None], str]] = [
    (medium_above_high, "wanted 0 < MEDIUM <= HIGH <= 1"),
    (medium_at_zero, "wanted 0 < MEDIUM <= HIGH <= 1"),
    (medium_moved, "Thresholds that validation did not judge"),
    (medium_moved_everywhere, "Other golden levels"),
    (medium_in_more_digits_than_float32_has, "wanted numbers of float32"),
    (weights_swapped, "Other weights"),
    (two_inputs_swapped, "Another order of inputs"),
    (calibration_forgotten, "Another calibration"),
    (calibration_moved, "Another calibration"),
    (calibration_cut, "Another calibration"),
    (calibration_of_another_kind, "Another calibration"),
    (more_frauds_than_payments, "wanted at most as many frauds as payments"),
    (judged_before_training, "wanted train before validation before test"),
    (a_metric_above_one, "wanted figures from 0 to 1"),
    (more_alerts_at_high, "Impossible alert_share"),
    (a_precision_above_one, "Impossible precision"),
]


@pytest.mark.parametrize(("change", "why"), WRONG, ids=[change.__name__ for change, _ in WRONG])
def test_a_sealed_manifest_that_contradicts_itself_or_the_graph_is_refused(
    folder: Path, change: Callable[[Fields], None], why: str
) -> None:
    rewrite(folder, change)
    sentence = refusal(folder)
    assert why in sentence
    assert "wanted" in sentence and ", got " in sentence


COMBINED: list[tuple[CombineMethod, CalibrationMethod]] = [
    ("weighted", "none"),
    ("stacking", "sigmoid"),
    ("rank", "none"),
    ("rank", "isotonic"),
]


def move_number(manifest: Fields, part: str, name: str, place: int) -> None:
    manifest[part]["parameters"][name][place] += 0.003


@pytest.mark.parametrize(("combine", "calibration"), COMBINED)
def test_every_number_of_a_combination_is_held_against_the_graph(
    tmp_path: Path, combine: CombineMethod, calibration: CalibrationMethod
) -> None:
    settings = Settings(replace(SMALL, combine=combine, calibration=calibration))
    folder = train(random_history(), settings, ORIGIN, Destination(tmp_path))
    whole = json.loads((folder / MANIFEST_FILE).read_bytes())
    for part in ("combination", "calibration"):
        for name, numbers in ((whole[part] or {}).get("parameters", {})).items():
            for place in np.linspace(0, len(numbers) - 1, 3).astype(int).tolist():
                (folder / MANIFEST_FILE).write_text(json.dumps(whole))
                rewrite(folder, partial(move_number, part=part, name=name, place=place))
                assert re.match("(Another|Other|Wrong) ", refusal(folder))
