"""Loading bundles: what is whole loads, everything else is refused with both sides named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import FEATURE_NAMES, FEATURE_SET_VERSION
from scoring.bundle.manifest import COVERS_FILE, GOLDEN_FILE, GRAPH_FILE, MANIFEST_FILE
from scoring.bundle.manifest_file import seal
from scoring.loader import (
    BundleError,
    bundle_versions,
    file_sha256,
    find_bundle,
    load_bundle,
    verify_golden,
)
from tests.unit.training.samples import CONSTANT, random_registry
from training.packaging.bundle_writer import next_version

SHIPPED = Path(__file__).parents[3] / "onnx_models"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(random_registry() / "ensemble" / "1", tmp_path / "ensemble" / "1"))


def change_manifest(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST_FILE
    manifest = json.loads(path.read_bytes())
    path.write_text(json.dumps(manifest | changes))
    seal(folder)


def with_feature(folder: Path, **changes: object) -> list[dict[str, object]]:
    features = json.loads((folder / MANIFEST_FILE).read_bytes())["features"]
    return [features[0] | changes, *features[1:]]


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    return str(caught.value)


def test_a_whole_bundle_loads_and_scores_its_golden_rows(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert verify_golden(bundle) == 0.0
    assert bundle.manifest.model == "ensemble/1"
    assert bundle.attributes == ("V1",)
    assert bundle.columns == (*FEATURE_NAMES, "attributes.V1")
    assert CONSTANT not in bundle.manifest.feature_names


@pytest.mark.parametrize("name", sorted(p.name for p in SHIPPED.glob("*") if p.is_dir()))
def test_every_bundle_in_the_tree_loads_and_scores_its_golden_rows(name: str) -> None:
    for version in bundle_versions(SHIPPED, name):
        bundle = load_bundle(SHIPPED / name / str(version))
        assert verify_golden(bundle) <= 1e-6
        assert (bundle.manifest.name, bundle.manifest.version) == (name, version)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    assert "No manifest" in refusal(tmp_path)


def test_an_unknown_format_is_refused_before_anything_else(folder: Path) -> None:
    change_manifest(folder, format_version=99, features="of another form")
    assert "Unknown format" in refusal(folder)
    assert "wanted 2 or 3 or 4, got 99" in refusal(folder)


def test_a_broken_manifest_is_refused(folder: Path) -> None:
    (folder / MANIFEST_FILE).write_text("{")
    seal(folder)
    assert "Unreadable manifest" in refusal(folder)


def test_an_unknown_field_of_the_manifest_is_refused(folder: Path) -> None:
    change_manifest(folder, surprise=1)
    assert "surprise" in refusal(folder)


def test_another_feature_set_is_refused(folder: Path) -> None:
    change_manifest(folder, feature_set=99)
    assert "Another feature set" in refusal(folder)


def test_an_unknown_feature_is_named(folder: Path) -> None:
    change_manifest(folder, features=with_feature(folder, name="moon_phase"))
    assert "moon_phase" in refusal(folder)


def test_another_dtype_is_refused(folder: Path) -> None:
    change_manifest(folder, features=with_feature(folder, dtype="float64"))
    assert "wanted float32" in refusal(folder)


def test_fewer_features_than_the_graph_takes_are_refused(folder: Path) -> None:
    change_manifest(folder, features=with_feature(folder)[1:])
    assert "Wrong inputs of the graph" in refusal(folder)


def test_members_that_are_not_the_graphs_outputs_are_refused(folder: Path) -> None:
    members = json.loads((folder / MANIFEST_FILE).read_bytes())["members"]
    change_manifest(folder, members=[members[0] | {"name": "oracle"}, members[1]])
    assert "Wrong outputs of the graph" in refusal(folder)
    assert "oracle" in refusal(folder)


def test_weights_that_are_no_shares_are_refused(folder: Path) -> None:
    members = json.loads((folder / MANIFEST_FILE).read_bytes())["members"]
    change_manifest(folder, members=[members[0] | {"weight": 0.7}, members[1] | {"weight": 0.7}])
    assert "wanted shares with a sum of 1, got 1.4" in refusal(folder)


def test_a_member_named_twice_is_refused(folder: Path) -> None:
    members = json.loads((folder / MANIFEST_FILE).read_bytes())["members"]
    change_manifest(folder, members=[members[0], members[0]])
    assert "wanted one or more, each once" in refusal(folder)


def test_an_unknown_way_to_combine_is_refused(folder: Path) -> None:
    change_manifest(folder, combination={"method": "dice", "parameters": {}})
    assert "dice" in refusal(folder)


@pytest.mark.parametrize("name", [GRAPH_FILE, GOLDEN_FILE, COVERS_FILE, "xgboost.onnx"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert "Missing file" in refusal(folder)
    assert name in refusal(folder)


@pytest.mark.parametrize("name", [GRAPH_FILE, GOLDEN_FILE, "random_forest.onnx"])
def test_an_altered_file_is_named(folder: Path, name: str) -> None:
    raw = bytearray((folder / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / name).write_bytes(raw)
    assert "Altered file" in refusal(folder)
    assert name in refusal(folder)


def test_a_file_without_hash_is_refused(folder: Path) -> None:
    files = json.loads((folder / MANIFEST_FILE).read_bytes())["files"]
    del files[GOLDEN_FILE]
    change_manifest(folder, files=files)
    assert "Files without a hash" in refusal(folder)


def test_scores_that_are_not_the_golden_ones_are_refused(folder: Path) -> None:
    with np.load(folder / GOLDEN_FILE) as golden:
        arrays = dict(golden)
    arrays["probability"] = arrays["probability"] + np.float32(0.01)
    np.savez_compressed(folder / GOLDEN_FILE, **arrays)
    files = json.loads((folder / MANIFEST_FILE).read_bytes())["files"]
    change_manifest(folder, files=files | {GOLDEN_FILE: file_sha256(folder / GOLDEN_FILE)})
    with pytest.raises(BundleError, match="Golden scores differ"):
        verify_golden(load_bundle(folder))


@pytest.mark.parametrize(
    ("rounding", "moved", "refused"),
    [(1e-6, 5e-5, True), (1e-4, 5e-5, False), (1e-4, 2e-4, True), (1.0, 2e-3, True)],
)
def test_golden_rows_may_differ_by_what_rounding_moved_them_when_the_bundle_was_made(
    folder: Path, rounding: float, moved: float, refused: bool
) -> None:
    with np.load(folder / GOLDEN_FILE) as golden:
        arrays = dict(golden)
    arrays["probability"] = arrays["probability"] + np.float32(moved)
    np.savez_compressed(folder / GOLDEN_FILE, **arrays)
    manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    change_manifest(
        folder,
        files=manifest["files"] | {GOLDEN_FILE: file_sha256(folder / GOLDEN_FILE)},
        parity=manifest["parity"] | {"max_difference": rounding},
        golden_levels={},
    )
    if not refused:
        assert verify_golden(load_bundle(folder)) == pytest.approx(moved, rel=0.01)
        return
    with pytest.raises(BundleError, match="Golden scores differ"):
        verify_golden(load_bundle(folder))


def test_covers_of_other_trees_are_refused(folder: Path) -> None:
    with np.load(folder / COVERS_FILE) as covers:
        np.savez_compressed(folder / COVERS_FILE, **{name: covers[name][1:] for name in covers})
    files = json.loads((folder / MANIFEST_FILE).read_bytes())["files"]
    change_manifest(folder, files=files | {COVERS_FILE: file_sha256(folder / COVERS_FILE)})
    assert "Reasons cannot be given" in refusal(folder)


def test_an_error_says_what_where_wanted_got_and_what_to_do(folder: Path) -> None:
    change_manifest(folder, feature_set=99)
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    error = caught.value
    assert (error.where, error.wanted, error.got) == (folder, str(FEATURE_SET_VERSION), "99")
    assert "./cardwatch train" in error.next_step


def registry(root: Path, *versions: str) -> Path:
    for version in versions:
        (root / "ensemble" / version).mkdir(parents=True)
        (root / "ensemble" / version / MANIFEST_FILE).write_text("{}")
    return root


def test_the_latest_version_is_the_highest_number(tmp_path: Path) -> None:
    root = registry(tmp_path, "1", "2", "9", "10", ".draft-x", "old")
    assert find_bundle(root, "ensemble") == root / "ensemble" / "10"
    assert find_bundle(root, "ensemble/2") == root / "ensemble" / "2"
    assert next_version(root, "ensemble") == 11


@pytest.mark.parametrize("reference", ["ensemble/7", "other", ""])
def test_what_is_not_there_is_said(tmp_path: Path, reference: str) -> None:
    root = registry(tmp_path, "1")
    with pytest.raises(BundleError, match="cardwatch train"):
        find_bundle(root, reference)
